import { Search } from 'lucide-react'
import type { RefObject } from 'react'
import { classNames } from './class-names.ts'
import { INPUT } from './field.tsx'
import { Kbd } from './keyboard.tsx'

interface SearchFieldProps {
  label: string
  value: string
  onChange: (value: string) => void
  inputRef: RefObject<HTMLInputElement | null>
  className?: string
}

export function SearchField({ label, value, onChange, inputRef, className }: SearchFieldProps) {
  return (
    <div className={classNames('relative', className)}>
      <Search
        className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-3"
        aria-hidden
      />
      <input
        ref={inputRef}
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          event.stopPropagation()
          onChange('')
          event.currentTarget.blur()
        }}
        className={classNames(INPUT, 'h-8 w-full pr-8 pl-8')}
      />
      {value === '' && (
        <span className="pointer-events-none absolute top-1/2 right-2 hidden -translate-y-1/2 sm:block">
          <Kbd>/</Kbd>
        </span>
      )}
    </div>
  )
}
