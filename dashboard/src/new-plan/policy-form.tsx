import { AreaField, SelectField, TextField } from '../ui/field.tsx'
import { Switch } from '../ui/switch.tsx'
import { type Draft, withField } from './draft.ts'
import { useFieldError } from './field-errors.tsx'
import { NumberField } from './number-field.tsx'

interface PolicyFormProps {
  draft: Draft
  onChange: (draft: Draft) => void
}

export function PolicyForm({ draft, onChange }: PolicyFormProps) {
  const policy = draft.policy ?? {}
  const set = (field: string, value: unknown) => {
    const next = withField(policy, field, value)
    onChange(withField(draft, 'policy', Object.keys(next).length === 0 ? undefined : next))
  }
  const number = (field: string) =>
    typeof policy[field] === 'number' ? (policy[field] as number) : undefined
  const text = (field: string) => (typeof policy[field] === 'string' ? `${policy[field]}` : '')
  const error = {
    maxConcurrency: useFieldError('/policy/maxConcurrency'),
    budgetUsd: useFieldError('/policy/budgetUsd'),
    timeoutMs: useFieldError('/policy/timeoutMs'),
    minSuccess: useFieldError('/policy/minSuccess'),
    onOverlap: useFieldError('/policy/onOverlap'),
  }
  const minSuccess = number('minSuccess')
  const timeoutMs = number('timeoutMs')
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label="Order"
        value={draft.mode ?? ''}
        onChange={(mode) => onChange(withField(draft, 'mode', mode))}
        options={[
          { value: '', label: 'All at once' },
          { value: 'sequential', label: 'One task at a time' },
        ]}
      />
      <NumberField
        label="Maximum concurrent tasks"
        placeholder="no limit"
        error={error.maxConcurrency}
        value={number('maxConcurrency')}
        onChange={(value) => set('maxConcurrency', value)}
      />
      <SelectField
        label="When tasks touch the same files"
        error={error.onOverlap}
        value={text('onOverlap')}
        onChange={(value) => set('onOverlap', value)}
        options={[
          { value: '', label: 'Reject the plan' },
          { value: 'serialize', label: 'Run them one after another' },
          { value: 'isolate', label: 'Give each its own copy, then merge' },
        ]}
      />
      <SelectField
        label="When a task fails"
        value={text('onFailure')}
        onChange={(value) => set('onFailure', value)}
        options={[
          { value: '', label: 'Continue with the others' },
          { value: 'abort', label: 'Stop the plan' },
        ]}
      />
      <NumberField
        label="Budget in US dollars"
        placeholder="no limit"
        error={error.budgetUsd}
        value={number('budgetUsd')}
        onChange={(value) => set('budgetUsd', value)}
      />
      <NumberField
        label="Time limit for the whole plan, in minutes"
        placeholder="no limit"
        error={error.timeoutMs}
        value={timeoutMs === undefined ? undefined : timeoutMs / 60_000}
        onChange={(value) =>
          set('timeoutMs', value === undefined ? undefined : Math.round(value * 60_000))
        }
      />
      <NumberField
        label="Minimum share of successful tasks, in %"
        placeholder="0"
        error={error.minSuccess}
        value={minSuccess === undefined ? undefined : Math.round(minSuccess * 1_000) / 10}
        onChange={(value) => set('minSuccess', value === undefined ? undefined : value / 100)}
      />
    </div>
  )
}

export function SynthesisForm({ draft, onChange }: PolicyFormProps) {
  const enabled = draft.synthesis !== false
  const synthesis = draft.synthesis === false ? {} : (draft.synthesis ?? {})
  const set = (field: string, value: unknown) => {
    const next = withField(synthesis, field, value)
    onChange(withField(draft, 'synthesis', Object.keys(next).length === 0 ? undefined : next))
  }
  const text = (field: string) =>
    typeof synthesis[field] === 'string' ? `${synthesis[field]}` : ''
  const error = {
    model: useFieldError('/synthesis/model'),
    executor: useFieldError('/synthesis/executor'),
  }
  return (
    <div className="space-y-4">
      <Switch
        label="Write a synthesis when the tasks have ended"
        checked={enabled}
        onChange={(checked) => onChange(withField(draft, 'synthesis', checked ? undefined : false))}
      />
      {enabled && (
        <>
          <AreaField
            label="Instructions"
            placeholder="What to emphasise, what to leave out, and who it is for"
            value={text('instructions')}
            onChange={(value) => set('instructions', value)}
          />
          <div className="grid gap-4 sm:grid-cols-2">
            <SelectField
              label="Written by"
              error={error.executor}
              value={text('executor')}
              onChange={(value) => set('executor', value)}
              options={[
                { value: '', label: 'A model, if there is one' },
                { value: 'model', label: 'A model' },
                { value: 'merge', label: 'Rules, without a model' },
              ]}
            />
            <TextField
              label="Model"
              mono
              placeholder="provider:model"
              error={error.model}
              value={text('model')}
              onChange={(value) => set('model', value)}
            />
          </div>
        </>
      )}
    </div>
  )
}
