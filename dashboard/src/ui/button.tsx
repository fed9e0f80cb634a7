import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'

type Variant = 'primary' | 'secondary' | 'ghost' | 'danger'

const VARIANTS: Record<Variant, string> = {
  primary: 'bg-ink text-paper hover:bg-ink-2 border border-transparent',
  secondary: 'bg-surface text-ink border border-line hover:bg-hover',
  ghost: 'text-ink-2 hover:bg-hover hover:text-ink border border-transparent',
  danger: 'bg-surface text-failed border border-line hover:bg-failed-soft',
}

export function buttonClass(variant: Variant = 'secondary', small = false): string {
  return classNames(
    'inline-flex items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap select-none transition-colors',
    'disabled:cursor-not-allowed disabled:opacity-50',
    small ? 'h-7 px-2 text-[0.8125rem]' : 'h-9 px-3.5',
    VARIANTS[variant],
  )
}

interface ButtonProps extends ComponentProps<'button'> {
  variant?: Variant
  small?: boolean
  busy?: boolean
}

export function Button({ variant, small, busy, className, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={classNames(buttonClass(variant, small), className)}
    >
      {children}
    </button>
  )
}

interface IconButtonProps extends ComponentProps<'button'> {
  label: string
  children: ReactNode
  pressed?: boolean
}

/** A square button whose label is available to screen readers and on hover. */
export function IconButton({ label, pressed, className, children, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      className={classNames(
        'inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-2 transition-colors hover:bg-hover hover:text-ink disabled:opacity-40',
        pressed && 'bg-neutral-soft text-ink',
        className,
      )}
    >
      {children}
    </button>
  )
}
