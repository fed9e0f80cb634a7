import { CircleAlert, PlugZap } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiError } from '../api/client.ts'
import { askForKey } from '../api/session.ts'
import { Button } from './button.tsx'
import { classNames } from './class-names.ts'

export function Empty(props: {
  title: string
  children?: ReactNode
  action?: ReactNode
  art?: ReactNode
}) {
  return (
    <div className="flex flex-col items-center px-6 py-16 text-center">
      {props.art}
      <h2 className="text-base font-semibold">{props.title}</h2>
      {props.children !== undefined && (
        <div className="mt-1.5 max-w-md text-pretty text-ink-2">{props.children}</div>
      )}
      {props.action !== undefined && <div className="mt-5">{props.action}</div>}
    </div>
  )
}

/** `action` is offered instead of retrying. */
export function Failed(props: { error: unknown; onRetry?: () => void; action?: ReactNode }) {
  const { error, onRetry, action } = props
  const offline = error instanceof ApiError && (error.status === 0 || error.status === 503)
  const unauthorized = error instanceof ApiError && error.status === 401
  const Icon = offline ? PlugZap : CircleAlert
  const title =
    error instanceof ApiError ? error.problem.title : 'Something went wrong in this page'
  const detail = error instanceof Error && error.message !== title ? error.message : undefined
  return (
    <div role="alert" className="flex flex-col items-center px-6 py-16 text-center">
      <Icon className="mb-3 size-6 text-failed" aria-hidden />
      <h2 className="text-base font-semibold">{title}</h2>
      {detail !== undefined && <p className="mt-1.5 max-w-md text-ink-2">{detail}</p>}
      {offline && (
        <p className="mt-1.5 max-w-md text-ink-2">Retrying automatically until it is back.</p>
      )}
      {unauthorized && (
        <Button className="mt-5" onClick={() => askForKey(true)}>
          Enter an API key
        </Button>
      )}
      {action !== undefined && <div className="mt-5">{action}</div>}
      {onRetry !== undefined && action === undefined && !unauthorized && (
        <Button className="mt-5" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}

export function Skeleton({ className }: { className?: string }) {
  return <div aria-hidden className={classNames('skeleton', className)} />
}

export function Notice(props: { tone: 'info' | 'warning' | 'failed'; children: ReactNode }) {
  const tones = {
    info: 'bg-running-soft text-running',
    warning: 'bg-incomplete-soft text-incomplete',
    failed: 'bg-failed-soft text-failed',
  }
  return (
    <div className={classNames('rounded-lg px-3.5 py-2.5 text-sm', tones[props.tone])}>
      {props.children}
    </div>
  )
}
