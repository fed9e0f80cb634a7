import { useQuery } from '@tanstack/react-query'
import { executorsQuery, workersQuery } from '../api/queries.ts'
import type { TaskDetail } from '../api/types.ts'
import { formatDuration } from '../format/duration.ts'
import { useNow } from '../ui/hooks/use-now.ts'
import { Notice } from '../ui/page-states.tsx'

/** Explains why a running task is not progressing if its provider asked all workers to wait. */
export function ProviderHold({ task }: { task: Pick<TaskDetail, 'executor' | 'model'> }) {
  const executors = useQuery(executorsQuery())
  const executor = executors.data?.items.find(({ name }) => name === task.executor)
  const usesModel = executor?.capabilities.usesModel === true
  const workers = useQuery({ ...workersQuery(), enabled: usesModel })
  const now = useNow(1_000, usesModel)
  const model = task.model ?? executors.data?.defaultModel
  const provider = workers.data?.providers.find(({ key }) => key === model)
  const heldFor = Date.parse(provider?.heldUntil ?? '') - now
  if (!usesModel || !(heldFor > 0)) return null
  return (
    <Notice tone="warning">
      The provider of <span className="font-mono text-xs">{model}</span> limits its rate. It is
      asked again in {formatDuration(heldFor)}; waiting spends no attempt.
    </Notice>
  )
}
