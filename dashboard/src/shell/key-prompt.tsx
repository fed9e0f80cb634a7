import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { dismissKeyPrompt, storeKey, useApiKey, useKeyNeeded } from '../api/session.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { TextField } from '../ui/field.tsx'

/** Opens automatically after a 401. */
export function KeyPrompt() {
  const needed = useKeyNeeded()
  const hadKey = useApiKey() !== null
  const [key, setKey] = useState('')
  const queryClient = useQueryClient()

  function submit(event: FormEvent) {
    event.preventDefault()
    storeKey(key)
    setKey('')
    void queryClient.invalidateQueries()
  }

  return (
    <Dialog
      open={needed}
      onOpenChange={(open) => !open && dismissKeyPrompt()}
      title={hadKey ? 'Another API key' : 'API key needed'}
      description={
        hadKey
          ? 'This replaces the current key. If you did not ask for this, the service no longer accepts that key.'
          : 'This service requires an API key. The key is kept in this tab only, until you close it.'
      }
    >
      <form onSubmit={submit}>
        <TextField
          label="API key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          mono
          required
          value={key}
          onChange={setKey}
        />
        <div className="mt-4 flex justify-end">
          <Button type="submit" variant="primary" disabled={key.trim() === ''}>
            Use this key
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
