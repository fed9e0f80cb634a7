import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { dryRun, submitPlan } from '../api/actions.ts'
import { Button } from '../ui/button.tsx'
import { useDocumentTitle } from '../ui/hooks/use-document-title.ts'
import { SegmentedControl } from '../ui/segmented-control.tsx'
import { CheckPanel } from './check-panel.tsx'
import { type Draft, EXAMPLES, toSubmission } from './draft.ts'
import { DraftForm } from './draft-form.tsx'
import { keyFor, loadDraft, saveDraft } from './draft-storage.ts'
import { FieldErrors, fieldErrorsOf } from './field-errors.tsx'
import { JsonEditor } from './json-editor.tsx'

export function NewPlanPage() {
  useDocumentTitle('New plan')
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const [draft, setDraft] = useState<Draft>(loadDraft)
  /** The text of JSON mode; undefined while the form is shown. */
  const [text, setText] = useState<string>()
  const [textError, setTextError] = useState<string>()
  const submission = useMemo(() => toSubmission(draft), [draft])
  const body = JSON.stringify(submission)
  // The same text is the same plan, however often launching is tried.
  const idempotencyKey = useMemo(() => keyFor(body), [body])

  const check = useMutation({
    mutationFn: (sent: Record<string, unknown>) => dryRun(sent),
  })
  const launch = useMutation({
    mutationFn: (sent: Record<string, unknown>) => submitPlan(sent, idempotencyKey),
    onSuccess: async (plan) => {
      saveDraft(undefined)
      await queryClient.invalidateQueries({ queryKey: ['plans'] })
      await navigate({ to: '/plans/$planId', params: { planId: plan.id } })
    },
  })
  const errors = fieldErrorsOf(launch.error ?? check.error)
  const upToDate = check.variables !== undefined && JSON.stringify(check.variables) === body

  function change(next: Draft) {
    setDraft(next)
    saveDraft(next)
    launch.reset()
  }
  function changeText(next: string) {
    setText(next)
    try {
      const parsed: unknown = JSON.parse(next)
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
        throw new Error('A plan is a JSON object.')
      }
      setTextError(undefined)
      change(parsed as Draft)
    } catch (error) {
      setTextError(error instanceof Error ? error.message : 'This is not JSON.')
    }
  }
  function start(next: Draft) {
    change(next)
    check.reset()
    if (text !== undefined) setText(JSON.stringify(toSubmission(next), null, 2))
  }

  return (
    <div className="mx-auto grid w-full max-w-[94rem] gap-x-12 px-4 pb-16 sm:px-6 lg:grid-cols-[minmax(0,1fr)_minmax(22rem,30rem)]">
      <div className="min-w-0 pt-7">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <h1 className="text-2xl font-semibold tracking-tight">New plan</h1>
          <SegmentedControl
            label="Editor"
            value={text === undefined ? 'form' : 'json'}
            onChange={(mode) => {
              if (mode === 'json') setText(JSON.stringify(submission, null, 2))
              else if (textError === undefined) setText(undefined)
            }}
            options={[
              { value: 'form', label: 'Form' },
              { value: 'json', label: 'JSON' },
            ]}
          />
        </div>
        <div className="mt-4 mb-6 flex flex-wrap items-center gap-2">
          <span className="text-sm text-ink-3">Start from</span>
          {EXAMPLES.map((example) => (
            <Button
              key={example.name}
              small
              title={example.description}
              onClick={() => start(example.draft)}
            >
              {example.name}
            </Button>
          ))}
          <Button small variant="ghost" onClick={() => start({ tasks: [{}] })}>
            Blank
          </Button>
        </div>
        <FieldErrors errors={errors}>
          {text === undefined ? (
            <DraftForm draft={draft} onChange={change} />
          ) : (
            <JsonEditor text={text} error={textError} onChange={changeText} />
          )}
        </FieldErrors>
      </div>
      <CheckPanel
        result={check.data}
        error={launch.error ?? check.error}
        checking={check.isPending}
        launching={launch.isPending}
        upToDate={upToDate}
        blocked={textError !== undefined}
        onCheck={() => {
          launch.reset()
          check.mutate(submission)
        }}
        onLaunch={() => launch.mutate(submission)}
      />
    </div>
  )
}
