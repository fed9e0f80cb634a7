import { ArrowLeftRight } from 'lucide-react'
import type { TaskDetail } from '../api/types.ts'

/** Shows that a different model answered than the one the task asked for. */
export function Substitute({ task }: { task: Pick<TaskDetail, 'model' | 'answeredBy'> }) {
  const { model, answeredBy } = task
  if (model === undefined || answeredBy === undefined || answeredBy === model) return null
  return (
    <p className="mt-3 flex items-start gap-2 text-sm text-incomplete">
      <ArrowLeftRight className="mt-0.5 size-3.5 shrink-0" aria-hidden />
      <span className="min-w-0 break-words">
        <span className="font-mono text-xs">{answeredBy}</span> answered, because{' '}
        <span className="font-mono text-xs">{model}</span> could not be had.
      </span>
    </p>
  )
}
