import { type ComponentProps, type ReactNode, useId } from 'react'
import { classNames } from './class-names.ts'

export const INPUT =
  'rounded-md border border-line-strong/60 bg-surface px-3 text-ink placeholder:text-ink-3 hover:border-line-strong aria-[invalid=true]:border-failed disabled:opacity-60'

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: string | undefined
  className?: string
  /** Receives the attributes that tie the control to its label and messages. */
  children: (control: {
    id: string
    'aria-describedby': string | undefined
    'aria-invalid': boolean | undefined
  }) => ReactNode
}

export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId()
  const described = error !== undefined || hint !== undefined
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1 block text-[0.8125rem] font-medium text-ink-2">
        {label}
      </label>
      {children({
        id,
        'aria-describedby': described ? `${id}-note` : undefined,
        'aria-invalid': error === undefined ? undefined : true,
      })}
      {described && (
        <p
          id={`${id}-note`}
          className={classNames(
            'mt-1 text-xs break-words whitespace-pre-line',
            error === undefined ? 'text-ink-3' : 'text-failed',
          )}
        >
          {error ?? hint}
        </p>
      )}
    </div>
  )
}

type TextProps = Omit<FieldProps, 'children'> &
  Omit<ComponentProps<'input'>, 'onChange' | 'value' | 'className'> & {
    value: string
    onChange: (value: string) => void
    mono?: boolean
  }

export function TextField({ label, hint, error, className, onChange, mono, ...rest }: TextProps) {
  return (
    <Field {...fieldProps(label, hint, error, className)}>
      {(control) => (
        <input
          {...rest}
          {...control}
          onChange={(event) => onChange(event.target.value)}
          className={classNames(INPUT, 'h-9 w-full', mono && 'font-mono text-[0.8125rem]')}
        />
      )}
    </Field>
  )
}

type AreaProps = Omit<FieldProps, 'children'> &
  Omit<ComponentProps<'textarea'>, 'onChange' | 'value' | 'className'> & {
    value: string
    onChange: (value: string) => void
    mono?: boolean
  }

export function AreaField({ label, hint, error, className, onChange, mono, ...rest }: AreaProps) {
  return (
    <Field {...fieldProps(label, hint, error, className)}>
      {(control) => (
        <textarea
          rows={3}
          {...rest}
          {...control}
          onChange={(event) => onChange(event.target.value)}
          // Enter alone starts a new line.
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.currentTarget.form?.requestSubmit()
            }
          }}
          className={classNames(
            INPUT,
            'field-sizing-content w-full max-h-80 min-h-18 resize-y py-2',
            mono && 'font-mono text-[0.8125rem]',
          )}
        />
      )}
    </Field>
  )
}

type SelectProps = Omit<FieldProps, 'children'> & {
  value: string
  onChange: (value: string) => void
  options: readonly { value: string; label: string; disabled?: boolean }[]
}

export function SelectField({
  label,
  hint,
  error,
  className,
  value,
  onChange,
  options,
}: SelectProps) {
  return (
    <Field {...fieldProps(label, hint, error, className)}>
      {(control) => (
        <select
          {...control}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={classNames(INPUT, 'h-9 w-full pr-2')}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value} disabled={option.disabled}>
              {option.label}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}

function fieldProps(
  label: string,
  hint: ReactNode,
  error: string | undefined,
  className: string | undefined,
) {
  return {
    label,
    error,
    ...(hint === undefined ? {} : { hint }),
    ...(className === undefined ? {} : { className }),
  }
}
