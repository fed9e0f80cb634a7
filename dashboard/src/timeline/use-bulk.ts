import { useMutation } from '@tanstack/react-query'
import { cancelTasks, retryTasks } from '../api/actions.ts'
import { plural } from '../format/number.ts'
import { notify, notifyFailure } from '../ui/toast.tsx'

/** Retries or cancels several tasks of a plan, all or none. */
export function useBulk(planId: string, onChanged: () => void) {
  const retry = useMutation({
    mutationFn: (taskIds: readonly string[]) => retryTasks(planId, taskIds),
    onSuccess: (_plan, taskIds) => {
      notify(
        `Running ${plural(taskIds.length, 'task')} again`,
        'A new version of the synthesis follows.',
      )
      onChanged()
    },
    onError: (error) => notifyFailure('No task was retried', error),
  })
  const cancel = useMutation({
    mutationFn: (taskIds: readonly string[]) => cancelTasks(planId, taskIds),
    onSuccess: (_plan, taskIds) => {
      notify(`Cancelling ${plural(taskIds.length, 'task')}`, 'What has finished is kept.')
      onChanged()
    },
    onError: (error) => notifyFailure('No task was cancelled', error),
  })
  return {
    busy: retry.isPending || cancel.isPending,
    retry: retry.mutate,
    cancel: cancel.mutate,
  }
}
