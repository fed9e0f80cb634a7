import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { resumePlan } from '../api/actions.ts'
import type { Plan } from '../api/types.ts'
import { formatUsd } from '../format/number.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'

interface BudgetDialogProps {
  plan: Plan
  open: boolean
  onOpenChange: (open: boolean) => void
  onRaised: () => void
}

export function BudgetDialog({ plan, open, onOpenChange, onRaised }: BudgetDialogProps) {
  const budget = plan.policy?.budgetUsd ?? 0
  const [amount, setAmount] = useState(`${budget * 2}`)
  const raise = useMutation({
    mutationFn: () => resumePlan(plan.id, Number(amount)),
    onSuccess: () => {
      notify('The plan goes on')
      onOpenChange(false)
      onRaised()
    },
    onError: (error) => notifyFailure('The budget was not raised', error),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    raise.mutate()
  }

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Raise the budget"
      description={`${formatUsd(plan.usage.costUsd)} of ${formatUsd(budget)} is spent. What is left of the plan runs within the new budget; finished work is kept.`}
    >
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="New budget in US dollars"
          type="number"
          min={budget}
          step="any"
          required
          value={amount}
          onChange={setAmount}
        />
        <div className="flex justify-end">
          <Button
            type="submit"
            variant="primary"
            busy={raise.isPending}
            disabled={!(Number(amount) > budget)}
          >
            Raise and resume
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
