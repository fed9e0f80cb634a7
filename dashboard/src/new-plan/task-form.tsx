import { AreaField, TextField } from '../ui/field.tsx'
import { asFields, asPrompt, lines, type TaskDraft, withField } from './draft.ts'
import { ExecutionFields } from './execution-fields.tsx'
import { useFieldError } from './field-errors.tsx'

interface TaskFormProps {
  task: TaskDraft
  /** Its place in the submission: `/tasks/0`, `/pattern/task`. */
  path: string
  /** A template has no id, description or dependencies of its own. */
  template?: boolean
  placeholder?: string
  onChange: (task: TaskDraft) => void
}

export function TaskForm({ task, path, template, placeholder, onChange }: TaskFormProps) {
  const set = (field: keyof TaskDraft, value: unknown) => onChange(withField(task, field, value))
  const raw = task.prompt !== undefined
  const error = {
    id: useFieldError(`${path}/id`),
    description: useFieldError(`${path}/description`),
    prompt: useFieldError(`${path}/prompt`),
    role: useFieldError(`${path}/role`),
    task: useFieldError(`${path}/task`),
    context: useFieldError(`${path}/context`),
    outputFormat: useFieldError(`${path}/outputFormat`),
    focusAreas: useFieldError(`${path}/focusAreas`),
  }

  return (
    <div className="space-y-4">
      {!template && (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Id"
            placeholder="assigned by the service if left empty"
            mono
            error={error.id}
            value={task.id ?? ''}
            onChange={(value) => set('id', value)}
          />
          <TextField
            label="Description"
            placeholder="three to five words, for lists"
            error={error.description}
            value={task.description ?? ''}
            onChange={(value) => set('description', value)}
          />
        </div>
      )}
      {raw ? (
        <AreaField
          label="Prompt"
          rows={6}
          error={error.prompt}
          value={task.prompt ?? ''}
          onChange={(value) => onChange({ ...task, prompt: value })}
        />
      ) : (
        <>
          <TextField
            label="Role"
            placeholder={template ? '{{perspective}} specialist' : 'Security specialist'}
            error={error.role}
            value={task.role ?? ''}
            onChange={(value) => set('role', value)}
          />
          <AreaField
            label="Task"
            {...(placeholder === undefined ? {} : { placeholder })}
            error={error.task}
            value={task.task ?? ''}
            onChange={(value) => set('task', value)}
          />
        </>
      )}
      <button
        type="button"
        onClick={() => onChange(raw ? asFields(task) : asPrompt(task))}
        className="text-sm text-ink-2 underline underline-offset-2 hover:text-ink"
      >
        {raw ? 'Use separate fields instead' : 'Write the whole prompt instead'}
      </button>
      <FilesFields task={task} path={path} onChange={onChange} />
      <details className="group">
        <summary className="text-sm font-medium text-ink-2 hover:text-ink">
          More: context, format, focus, executor, limits
        </summary>
        <div className="mt-4 space-y-4">
          {!raw && (
            <>
              <AreaField
                label="Context"
                error={error.context}
                value={task.context ?? ''}
                onChange={(value) => set('context', value)}
              />
              <AreaField
                label="Output format"
                error={error.outputFormat}
                value={task.outputFormat ?? ''}
                onChange={(value) => set('outputFormat', value)}
              />
              <AreaField
                label="Focus areas"
                hint="One per line."
                error={error.focusAreas}
                value={task.focusAreas?.join('\n') ?? ''}
                onChange={(value) => set('focusAreas', lines(value))}
              />
            </>
          )}
          <ExecutionFields
            task={task}
            path={path}
            template={template ?? false}
            onChange={onChange}
          />
        </div>
      </details>
    </div>
  )
}

interface PartProps {
  task: TaskDraft
  path: string
  onChange: (task: TaskDraft) => void
}

function FilesFields({ task, path, onChange }: PartProps) {
  const error = useFieldError(`${path}/files`)
  const files = Array.isArray(task.files) ? { read: task.files } : (task.files ?? {})
  function setGlobs(kind: 'read' | 'write', text: string) {
    const next = withField(files, kind, lines(text))
    onChange(withField(task, 'files', Object.keys(next).length === 0 ? undefined : next))
  }
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <AreaField
        label="Files it reads"
        hint="Globs, one per line."
        mono
        rows={2}
        placeholder="src/auth/**"
        error={error}
        value={files.read?.join('\n') ?? ''}
        onChange={(value) => setGlobs('read', value)}
      />
      <AreaField
        label="Files it writes"
        hint="Tasks that write the same files are kept apart."
        mono
        rows={2}
        value={files.write?.join('\n') ?? ''}
        onChange={(value) => setGlobs('write', value)}
      />
    </div>
  )
}
