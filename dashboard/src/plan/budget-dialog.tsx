import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { resumePlan } from '../api/actions.ts'
import type { Plan } from '../api/types.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'
import { budgetWords } from './budget-words.ts'

interface BudgetDialogProps {
  plan: Plan
  open: boolean
  onOpenChange: (open: boolean) => void
  onRaised: () => void
}

export function BudgetDialog({ plan, open, onOpenChange, onRaised }: BudgetDialogProps) {
  const budget = plan.policy?.budgetUsd ?? 0
  const spent = plan.usage.costUsd
  // Less than this would stop the plan again at once.
  const least = Math.max(budget, spent)
  const [amount, setAmount] = useState(`${roundUp(least * 2)}`)
  const raise = useMutation({
    mutationFn: () => resumePlan(plan.id, Number(amount)),
    onSuccess: () => {
      notify('The plan continues')
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
      description={`${budgetWords(plan) ?? ''} The remaining tasks run within the new budget; finished work is kept.`}
    >
      <form onSubmit={submit} className="space-y-4">
        <TextField
          label="New budget in US dollars"
          type="number"
          min={least}
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
            disabled={!(Number(amount) > least)}
          >
            Raise and resume
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Rounds up to two significant digits: budgets are round numbers. */
function roundUp(usd: number): number {
  if (usd <= 0) return 1
  const unit = 10 ** (Math.floor(Math.log10(usd)) - 1)
  return Number((Math.ceil(usd / unit) * unit).toPrecision(2))
}
