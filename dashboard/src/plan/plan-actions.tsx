import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CircleDollarSign, Download, Ellipsis, GitMerge, Square, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { cancelPlan, deletePlan, type ExportFormat, exportSynthesis } from '../api/actions.ts'
import { isActive } from '../api/statuses.ts'
import type { Plan, PlanStatus } from '../api/types.ts'
import { plural } from '../format/number.ts'
import { Button, IconButton } from '../ui/button.tsx'
import { Confirm } from '../ui/dialog.tsx'
import { Menu, MenuItem, MenuSeparator } from '../ui/menu.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'
import { BudgetDialog } from './budget-dialog.tsx'
import { RunAgainButton, SubmissionItems } from './run-again.tsx'
import { SynthesisDialog } from './synthesis-dialog.tsx'

interface PlanActionsProps {
  plan: Plan
  status: PlanStatus
  onChanged: () => void
}

type Open = 'cancel' | 'delete' | 'synthesis' | 'budget' | undefined

const EXPORTS: { format: ExportFormat; label: string; hint: string }[] = [
  { format: 'markdown', label: 'Markdown', hint: 'to read' },
  { format: 'sarif', label: 'SARIF', hint: 'findings' },
  { format: 'json', label: 'JSON', hint: 'everything' },
  { format: 'patch', label: 'Patch', hint: 'edits' },
]

export function PlanActions({ plan, status, onChanged }: PlanActionsProps) {
  const [open, setOpen] = useState<Open>()
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const active = isActive(status)
  const hasSynthesis = (plan.synthesis?.version ?? 0) > 0
  const enabled = plan.synthesis?.status !== 'disabled'
  const cancel = useMutation({
    mutationFn: () => cancelPlan(plan.id),
    onSuccess: () => notify('The plan is being cancelled', 'What has finished is kept.'),
    onError: (error) => notifyFailure('The plan was not cancelled', error),
    onSettled: () => void queryClient.invalidateQueries({ queryKey: ['plan', plan.id] }),
  })
  const remove = useMutation({
    mutationFn: () => deletePlan(plan.id),
    onSuccess: async () => {
      await navigate({ to: '/' })
      notify('The plan was deleted')
      queryClient.removeQueries({ queryKey: ['plan', plan.id] })
      await queryClient.invalidateQueries({ queryKey: ['plans'] })
    },
    onError: (error) => notifyFailure('The plan was not deleted', error),
  })

  function save(format: ExportFormat) {
    exportSynthesis(plan.id, undefined, format).catch((error: unknown) =>
      notifyFailure('Nothing was exported', error),
    )
  }

  return (
    <div className="flex flex-wrap items-center gap-2">
      {active && (
        <Button busy={cancel.isPending} onClick={() => setOpen('cancel')}>
          <Square className="size-3.5" aria-hidden />
          Cancel plan
        </Button>
      )}
      {plan.stopped?.code.includes('budget') && (
        <Button variant="primary" onClick={() => setOpen('budget')}>
          <CircleDollarSign className="size-4" aria-hidden />
          Raise the budget
        </Button>
      )}
      {!active && <RunAgainButton plan={plan} />}
      {enabled && (
        <Menu
          trigger={
            <Button disabled={!hasSynthesis}>
              <Download className="size-4" aria-hidden />
              Export
            </Button>
          }
        >
          {EXPORTS.map(({ format, label, hint }) => (
            <MenuItem key={format} hint={hint} onSelect={() => save(format)}>
              {label}
            </MenuItem>
          ))}
        </Menu>
      )}
      <Menu
        trigger={
          <IconButton label="More actions" className="size-9 border border-line bg-surface">
            <Ellipsis className="size-4" aria-hidden />
          </IconButton>
        }
      >
        <SubmissionItems planId={plan.id} />
        <MenuSeparator />
        {enabled && (
          <>
            <MenuItem disabled={active} onSelect={() => setOpen('synthesis')}>
              <GitMerge className="size-4" aria-hidden />
              Synthesize again
            </MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuItem danger onSelect={() => setOpen('delete')}>
          <Trash2 className="size-4" aria-hidden />
          Delete plan
        </MenuItem>
      </Menu>
      <Confirm
        open={open === 'cancel'}
        onOpenChange={() => setOpen(undefined)}
        title="Cancel this plan?"
        description="Running tasks are stopped. What has finished is kept."
        confirmLabel="Cancel plan"
        onConfirm={() => cancel.mutate()}
      />
      <Confirm
        open={open === 'delete'}
        onOpenChange={() => setOpen(undefined)}
        title="Delete this plan?"
        description={`“${plan.title}”, its ${plural(plan.counts.total, 'task')}, their outputs and the synthesis are removed for good.`}
        confirmLabel="Delete plan"
        onConfirm={() => remove.mutate()}
      />
      <SynthesisDialog
        plan={plan}
        open={open === 'synthesis'}
        onOpenChange={() => setOpen(undefined)}
        onRequested={onChanged}
      />
      <BudgetDialog
        plan={plan}
        open={open === 'budget'}
        onOpenChange={() => setOpen(undefined)}
        onRaised={onChanged}
      />
    </div>
  )
}
