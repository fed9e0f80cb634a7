import { AlertDialog } from '@base-ui/react/alert-dialog'
import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import { type ReactNode, useRef } from 'react'
import { Button, IconButton } from './button.tsx'
import { classNames } from './class-names.ts'

const BACKDROP =
  'fixed inset-0 z-40 bg-black/40 backdrop-blur-[2px] transition-opacity duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0'
const POPUP =
  'fixed z-50 bg-surface text-ink shadow-float border border-line outline-none transition duration-150 data-[ending-style]:opacity-0 data-[starting-style]:opacity-0'
const CENTRED =
  'top-1/2 left-1/2 max-h-[calc(100dvh-2rem)] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 overflow-auto rounded-xl p-5'

interface DialogProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: ReactNode
  children: ReactNode
  wide?: boolean
}

export function Dialog({ open, onOpenChange, title, description, children, wide }: DialogProps) {
  const popup = useRef<HTMLDivElement>(null)
  // Focus the first field rather than the button that closes the dialog.
  const firstField = () =>
    popup.current?.querySelector<HTMLElement>('input, textarea, select') ?? true
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup
          ref={popup}
          initialFocus={firstField}
          className={classNames(POPUP, CENTRED, wide ? 'max-w-2xl' : 'max-w-md')}
        >
          <div className="mb-3 flex items-start justify-between gap-4">
            <Base.Title className="text-lg leading-7 font-semibold">{title}</Base.Title>
            <Base.Close
              render={
                <IconButton label="Close" className="-mt-0.5 -mr-1.5">
                  <X className="size-4" aria-hidden />
                </IconButton>
              }
            />
          </div>
          {description !== undefined && (
            <Base.Description className="mb-4 text-ink-2">{description}</Base.Description>
          )}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

/** Covers the whole window, for content that is shown next to the page if there is space. */
export function Sheet(props: { label: string; onClose: () => void; children: ReactNode }) {
  return (
    <Base.Root open onOpenChange={(open) => !open && props.onClose()}>
      <Base.Portal>
        <Base.Backdrop className={BACKDROP} />
        <Base.Popup
          aria-label={props.label}
          className={classNames(POPUP, 'inset-y-0 right-0 flex w-full max-w-xl flex-col')}
        >
          {props.children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface ConfirmProps {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description: ReactNode
  confirmLabel: string
  onConfirm: () => void
}

/** Asks before something irreversible. Enter confirms, Escape keeps things as they are. */
export function Confirm({
  open,
  onOpenChange,
  title,
  description,
  confirmLabel,
  onConfirm,
}: ConfirmProps) {
  const confirm = useRef<HTMLButtonElement>(null)
  return (
    <AlertDialog.Root open={open} onOpenChange={onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={BACKDROP} />
        <AlertDialog.Popup
          initialFocus={confirm}
          className={classNames(POPUP, CENTRED, 'max-w-md')}
        >
          <AlertDialog.Title className="text-lg leading-7 font-semibold">{title}</AlertDialog.Title>
          <AlertDialog.Description className="mt-2 text-ink-2">
            {description}
          </AlertDialog.Description>
          <div className="mt-5 flex justify-end gap-2">
            <AlertDialog.Close render={<Button>Keep it</Button>} />
            <Button
              ref={confirm}
              variant="danger"
              onClick={() => {
                onOpenChange(false)
                onConfirm()
              }}
            >
              {confirmLabel}
            </Button>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  )
}
