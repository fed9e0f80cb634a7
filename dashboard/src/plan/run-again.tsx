import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Copy, PencilLine, RotateCw } from 'lucide-react'
import { readSubmission, submitPlan } from '../api/actions.ts'
import type { Plan } from '../api/types.ts'
import type { Draft } from '../new-plan/draft.ts'
import { keyFor, saveDraft } from '../new-plan/draft-storage.ts'
import { Button } from '../ui/button.tsx'
import { MenuItem } from '../ui/menu.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'

/** Submits the same plan again and shows it. */
export function RunAgainButton({ plan }: { plan: Plan }) {
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const run = useMutation({
    mutationFn: async () => {
      const submission = await readSubmission(plan.id)
      // A new run each time, but the same run if this click is retried.
      return submitPlan(submission, keyFor(`again ${plan.id} ${Date.now()}`))
    },
    onSuccess: async ({ id }) => {
      await queryClient.invalidateQueries({ queryKey: ['plans'] })
      await navigate({ to: '/plans/$planId', params: { planId: id } })
      notify('The plan runs again', 'This is the new run.')
    },
    onError: (error) => notifyFailure('The plan was not run again', error),
  })
  return (
    <Button busy={run.isPending} onClick={() => run.mutate()}>
      <RotateCw className="size-4" aria-hidden />
      Run again
    </Button>
  )
}

/** Menu items: the submission as a draft, and as a command. */
export function SubmissionItems({ planId }: { planId: string }) {
  const navigate = useNavigate()
  async function edit() {
    saveDraft((await readSubmission(planId)) as Draft)
    await navigate({ to: '/new' })
  }
  async function copy() {
    const body = JSON.stringify(await readSubmission(planId)).replaceAll("'", "'\\''")
    const url = `${window.location.origin}/v1/plans`
    await navigator.clipboard?.writeText(
      `curl ${url} -H 'content-type: application/json' -d '${body}'`,
    )
    notify('Copied as curl', 'If the service requires a key, add it as a bearer token.')
  }
  const failed = (error: unknown) => notifyFailure('The submission could not be read', error)
  return (
    <>
      <MenuItem onSelect={() => void edit().catch(failed)}>
        <PencilLine className="size-4" aria-hidden />
        Edit and run
      </MenuItem>
      <MenuItem onSelect={() => void copy().catch(failed)}>
        <Copy className="size-4" aria-hidden />
        Copy as curl
      </MenuItem>
    </>
  )
}
