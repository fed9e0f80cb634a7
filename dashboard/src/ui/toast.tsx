import { Toast } from '@base-ui/react/toast'
import { X } from 'lucide-react'
import { classNames } from './class-names.ts'

// One manager outside React, so that failures can be reported from anywhere.
const manager = Toast.createToastManager()

export function notify(title: string, description?: string): void {
  manager.add({ title, ...(description === undefined ? {} : { description }), type: 'done' })
}

export function notifyFailure(title: string, error: unknown): void {
  const description = error instanceof Error ? error.message : 'Something went wrong in this page.'
  manager.add({ title, description, type: 'failed', priority: 'high', timeout: 10_000 })
}

export function Toaster() {
  return (
    <Toast.Provider toastManager={manager}>
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-[60] flex w-[min(22rem,calc(100vw-2rem))] flex-col gap-2 outline-none">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className={classNames(
        'rounded-lg border bg-surface p-3 pr-9 shadow-float transition-opacity data-[ending-style]:opacity-0 data-[starting-style]:opacity-0',
        toast.type === 'failed' ? 'border-failed' : 'border-line',
      )}
    >
      <Toast.Title
        className={classNames('font-medium', toast.type === 'failed' && 'text-failed')}
      />
      <Toast.Description className="mt-0.5 text-sm break-words text-ink-2" />
      <Toast.Close
        aria-label="Dismiss"
        className="absolute top-2.5 right-2.5 rounded p-1 text-ink-3 hover:bg-hover hover:text-ink"
      >
        <X className="size-3.5" aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ))
}
