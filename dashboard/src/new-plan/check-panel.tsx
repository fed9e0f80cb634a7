import { Play } from 'lucide-react'
import type { DryRun } from '../api/types.ts'
import { Button } from '../ui/button.tsx'
import { Notice, Skeleton } from '../ui/page-states.tsx'
import { Preview, Refusal } from './preview.tsx'

interface CheckPanelProps {
  result: DryRun | undefined
  error: unknown
  checking: boolean
  launching: boolean
  /** Whether the result is for the current plan. */
  upToDate: boolean
  /** The plan cannot be parsed. */
  blocked: boolean
  onCheck: () => void
  onLaunch: () => void
}

/** The dry run, and launching after it. */
export function CheckPanel(props: CheckPanelProps) {
  const { result, error, checking, launching, upToDate, blocked } = props
  const checked = result !== undefined && upToDate && error === null
  return (
    <aside
      aria-label="Check and launch"
      className="min-w-0 pt-7 lg:sticky lg:top-14 lg:max-h-[calc(100dvh-3.5rem)] lg:self-start lg:overflow-y-auto lg:pb-8"
    >
      <div className="flex gap-2">
        <Button
          variant={checked ? 'secondary' : 'primary'}
          className="flex-1"
          busy={checking}
          disabled={blocked}
          onClick={props.onCheck}
        >
          {checking ? 'Checking' : checked ? 'Check again' : 'Check the plan'}
        </Button>
        <Button
          variant={checked ? 'primary' : 'secondary'}
          className="flex-1"
          busy={launching}
          disabled={blocked || !checked}
          onClick={props.onLaunch}
        >
          <Play className="size-4" aria-hidden />
          {launching ? 'Launching' : 'Launch'}
        </Button>
      </div>
      <div className="mt-6" aria-live="polite" aria-busy={checking}>
        {content()}
      </div>
    </aside>
  )

  function content() {
    if (checking) return <Skeleton className="h-48" />
    if (error !== null && error !== undefined) return <Refusal error={error} />
    if (result === undefined) {
      return (
        <p className="text-pretty text-ink-2">
          The check is a dry run: it shows the tasks as they will be sent, which of them may run at
          the same time, whether any touch the same files, and what it may cost. Nothing is stored
          and nothing runs until you launch.
        </p>
      )
    }
    return (
      <>
        {!upToDate && (
          <div className="mb-4">
            <Notice tone="info">The plan has changed since this check. Check it again.</Notice>
          </div>
        )}
        <Preview result={result} />
      </>
    )
  }
}
