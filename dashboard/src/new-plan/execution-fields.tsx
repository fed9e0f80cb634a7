import { useQuery } from '@tanstack/react-query'
import { executorsQuery } from '../api/queries.ts'
import { SelectField, TextField } from '../ui/field.tsx'
import { CodeWords } from '../ui/text/code-words.tsx'
import { type TaskDraft, withField } from './draft.ts'
import { useFieldError } from './field-errors.tsx'
import { JsonField } from './json-field.tsx'
import { NumberField } from './number-field.tsx'
import { OptionsFields } from './options-fields.tsx'

interface ExecutionFieldsProps {
  task: TaskDraft
  path: string
  template: boolean
  onChange: (task: TaskDraft) => void
}

/** What runs a task, and its limits. */
export function ExecutionFields({ task, path, template, onChange }: ExecutionFieldsProps) {
  const set = (field: keyof TaskDraft, value: unknown) => onChange(withField(task, field, value))
  const executors = useQuery(executorsQuery())
  const executor = executors.data?.items.find(
    ({ name }) => name === (task.executor ?? executors.data.default),
  )
  const missing = executors.data?.items.filter(({ available }) => !available) ?? []
  const error = {
    executor: useFieldError(`${path}/executor`),
    model: useFieldError(`${path}/model`),
    tools: useFieldError(`${path}/tools`),
    options: useFieldError(`${path}/options`),
    dependsOn: useFieldError(`${path}/dependsOn`),
    outputSchema: useFieldError(`${path}/outputSchema`),
    timeoutMs: useFieldError(`${path}/timeoutMs`),
    attempts: useFieldError(`${path}/attempts`),
    priority: useFieldError(`${path}/priority`),
  }
  return (
    <>
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Executor"
          error={error.executor}
          hint={executor && <CodeWords text={executor.description} />}
          value={task.executor ?? ''}
          onChange={(value) =>
            onChange(withField(withField(task, 'options', undefined), 'executor', value))
          }
          options={[
            { value: '', label: `Default${executors.data ? ` (${executors.data.default})` : ''}` },
            ...(executors.data?.items ?? []).map((item) => ({
              value: item.name,
              label: item.available ? item.name : `${item.name} (not available)`,
              disabled: !item.available,
            })),
          ]}
        />
        {(executor?.capabilities.usesModel !== false || task.model !== undefined) && (
          <TextField
            label="Model"
            mono
            placeholder={executors.data?.defaultModel ?? 'provider:model'}
            error={error.model}
            value={task.model ?? ''}
            onChange={(value) => set('model', value)}
          />
        )}
      </div>
      {missing.length > 0 && (
        <ul className="space-y-0.5 text-xs text-ink-3">
          {missing.map(({ name, reason }) => (
            <li key={name}>
              <span className="font-mono">{name}</span> is not available here
              {reason !== undefined && <CodeWords text={`: ${reason}`} />}
            </li>
          ))}
        </ul>
      )}
      <OptionsFields
        key={executor?.name}
        schema={executor?.options}
        value={task.options}
        error={error.options}
        onChange={(value) => set('options', value)}
      />
      {executor !== undefined && executor.tools.length > 0 && (
        <TextField
          label="Tools"
          mono
          hint={`All of them if left empty: ${executor.tools.join(', ')}`}
          error={error.tools}
          value={task.tools?.join(' ') ?? ''}
          onChange={(value) => set('tools', value === '' ? undefined : value.split(' '))}
        />
      )}
      {!template && (
        <TextField
          label="Runs after"
          mono
          placeholder="ids of other tasks"
          error={error.dependsOn}
          value={task.dependsOn?.join(' ') ?? ''}
          onChange={(value) => set('dependsOn', value === '' ? undefined : value.split(' '))}
        />
      )}
      <div className="grid grid-cols-3 items-end gap-4">
        <NumberField
          label="Timeout in seconds"
          error={error.timeoutMs}
          placeholder="600"
          value={task.timeoutMs === undefined ? undefined : task.timeoutMs / 1_000}
          onChange={(value) => set('timeoutMs', value === undefined ? undefined : value * 1_000)}
        />
        <NumberField
          label="Attempts"
          error={error.attempts}
          placeholder="3"
          value={task.attempts}
          onChange={(value) => set('attempts', value)}
        />
        <NumberField
          label="Priority"
          error={error.priority}
          placeholder="0"
          value={task.priority}
          onChange={(value) => set('priority', value)}
        />
      </div>
      <JsonField
        label="Output schema"
        hint="A JSON Schema that the output must satisfy."
        error={error.outputSchema}
        value={task.outputSchema}
        onChange={(value) => set('outputSchema', value)}
      />
    </>
  )
}
