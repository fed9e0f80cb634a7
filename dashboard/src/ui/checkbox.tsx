import { useEffect, useRef } from 'react'

interface CheckboxProps {
  label: string
  checked: boolean
  /** Only part of what it stands for is selected. */
  mixed?: boolean
  onChange: () => void
  className?: string
}

/** Only a check mark; its label is for screen readers. */
export function Checkbox({ label, checked, mixed = false, onChange, className }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = mixed
  }, [mixed])
  return (
    // The clickable area is larger than the mark.
    <label className={`inline-flex size-7 shrink-0 items-center justify-center ${className ?? ''}`}>
      <input
        ref={box}
        type="checkbox"
        aria-label={label}
        checked={checked}
        onChange={onChange}
        className="size-4 cursor-pointer"
      />
    </label>
  )
}
