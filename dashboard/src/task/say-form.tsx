import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { sayToTask } from '../api/actions.ts'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { notify, notifyFailure } from '../ui/toast.tsx'

/** A word to the agent of a task that runs. */
export function SayForm({ planId, taskId }: { planId: string; taskId: string }) {
  const [text, setText] = useState('')
  const say = useMutation({
    mutationFn: () => sayToTask(planId, taskId, text.trim()),
    onSuccess: () => {
      setText('')
      notify('Sent', 'The agent reads it before its next step.')
    },
    onError: (error) => notifyFailure('It was not sent', error),
  })
  return (
    <form
      className="mt-6 flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') say.mutate()
      }}
    >
      <TextField
        label="Say something to the agent"
        className="min-w-0 flex-1"
        value={text}
        onChange={setText}
        maxLength={32_000}
      />
      <Button type="submit" busy={say.isPending} disabled={text.trim() === ''}>
        Send
      </Button>
    </form>
  )
}
