import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { requestSynthesis } from '../api/actions.ts'
import type { Plan } from '../api/types.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { AreaField, SelectField, TextField } from '../ui/field.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'

interface SynthesisDialogProps {
  plan: Plan
  open: boolean
  onOpenChange: (open: boolean) => void
  onRequested: () => void
}

type Writer = '' | 'model' | 'merge'

export function SynthesisDialog({ plan, open, onOpenChange, onRequested }: SynthesisDialogProps) {
  const [instructions, setInstructions] = useState('')
  const [writer, setWriter] = useState<Writer>('')
  const [model, setModel] = useState('')
  const navigate = useNavigate()
  const request = useMutation({
    mutationFn: () =>
      requestSynthesis(plan.id, {
        ...(writer === '' ? {} : { executor: writer }),
        ...(model.trim() === '' || writer === 'merge' ? {} : { model: model.trim() }),
        ...(instructions.trim() === '' ? {} : { instructions: instructions.trim() }),
      }),
    onSuccess: () => {
      notify('Another version is being written')
      onOpenChange(false)
      onRequested()
      void navigate({
        to: '/plans/$planId',
        params: { planId: plan.id },
        search: { tab: 'synthesis' },
      })
    },
    onError: (error) => notifyFailure('No new version was requested', error),
  })

  function submit(event: FormEvent) {
    event.preventDefault()
    request.mutate()
  }

  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Synthesize again"
      description="A new version from the same outputs. No task is run again, and earlier versions are kept."
    >
      <form className="space-y-4" onSubmit={submit}>
        <AreaField
          label="Instructions"
          hint="What to emphasise, what to leave out, and who it is for."
          value={instructions}
          onChange={setInstructions}
        />
        <div className="grid gap-4 sm:grid-cols-2">
          <SelectField
            label="Written by"
            value={writer}
            onChange={(value) => setWriter(value as Writer)}
            options={[
              { value: '', label: 'As before' },
              { value: 'model', label: 'A model' },
              { value: 'merge', label: 'Rules, without a model' },
            ]}
          />
          <TextField
            label="Model"
            placeholder="provider:model"
            mono
            disabled={writer === 'merge'}
            value={model}
            onChange={setModel}
          />
        </div>
        <div className="flex justify-end">
          <Button type="submit" variant="primary" busy={request.isPending}>
            Synthesize
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
