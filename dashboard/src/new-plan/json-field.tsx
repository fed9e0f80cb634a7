import { useState } from 'react'
import { AreaField } from '../ui/field.tsx'

interface JsonFieldProps {
  label: string
  hint?: string
  error?: string | undefined
  value: unknown
  /** Only called with valid JSON, or `undefined` if the field is empty. */
  onChange: (value: unknown) => void
}

export function JsonField({ label, hint, error, value, onChange }: JsonFieldProps) {
  const [text, setText] = useState(() =>
    value === undefined ? '' : JSON.stringify(value, null, 2),
  )
  const [invalid, setInvalid] = useState<string>()

  function change(next: string) {
    setText(next)
    if (next.trim() === '') {
      setInvalid(undefined)
      onChange(undefined)
      return
    }
    try {
      onChange(JSON.parse(next))
      setInvalid(undefined)
    } catch (parseError) {
      setInvalid(parseError instanceof Error ? parseError.message : 'is not JSON')
    }
  }

  return (
    <AreaField
      label={label}
      {...(hint === undefined ? {} : { hint })}
      error={invalid ?? error}
      mono
      spellCheck={false}
      value={text}
      onChange={change}
    />
  )
}
