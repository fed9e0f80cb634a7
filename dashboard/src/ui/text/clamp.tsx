import { type ReactNode, useId, useState } from 'react'
import { Button } from '../button.tsx'
import { classNames } from '../class-names.ts'

interface ClampProps {
  /** Whether the content is long enough to be collapsed. */
  long: boolean
  children: ReactNode
}

/** The beginning of a long text, and the rest on demand. */
export function Clamp({ long, children }: ClampProps) {
  const [open, setOpen] = useState(!long)
  const id = useId()
  return (
    <div>
      <div
        id={id}
        className={classNames(
          !open && 'max-h-96 overflow-hidden mask-[linear-gradient(#000_75%,transparent)]',
        )}
      >
        {children}
      </div>
      {long && (
        <Button
          small
          className="mt-3"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          {open ? 'Show less' : 'Read on'}
        </Button>
      )}
    </div>
  )
}
