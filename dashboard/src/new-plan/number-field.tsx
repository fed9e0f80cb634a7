import type { ReactNode } from 'react'
import { TextField } from '../ui/field.tsx'

interface NumberFieldProps {
  label: string
  value: number | undefined
  placeholder?: string
  hint?: ReactNode
  error?: string | undefined
  onChange: (value: number | undefined) => void
}

export function NumberField({
  label,
  hint,
  value,
  placeholder,
  error,
  onChange,
}: NumberFieldProps) {
  return (
    <TextField
      label={label}
      type="number"
      step="any"
      error={error}
      {...(hint === undefined ? {} : { hint })}
      {...(placeholder === undefined ? {} : { placeholder })}
      value={value === undefined ? '' : `${value}`}
      onChange={(text) => onChange(text === '' ? undefined : Number(text))}
    />
  )
}
