import { useEffect, useRef } from 'react'

interface CheckboxProps {
  label: string
  checked: boolean
  /** Some of what it stands for is chosen. */
  mixed?: boolean
  onChange: () => void
  className?: string
}

/** A check mark alone; what it stands for is named to those who cannot see it. */
export function Checkbox({ label, checked, mixed = false, onChange, className }: CheckboxProps) {
  const box = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (box.current !== null) box.current.indeterminate = mixed
  }, [mixed])
  return (
    // The area that takes a click is larger than the mark.
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
