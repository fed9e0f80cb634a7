import { Plus } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { AreaField } from '../ui/field.tsx'
import { SegmentedControl } from '../ui/segmented-control.tsx'
import { type Draft, lines, type Source, sourceOf, type TaskDraft, withSource } from './draft.ts'
import { useFieldError } from './field-errors.tsx'
import { TaskCard } from './task-card.tsx'
import { TaskForm } from './task-form.tsx'

const SOURCES: readonly { value: Source; label: string }[] = [
  { value: 'tasks', label: 'Tasks' },
  { value: 'perspectives', label: 'Perspectives' },
  { value: 'directories', label: 'Directories' },
  { value: 'goal', label: 'Goal' },
]

interface SourceFormProps {
  draft: Draft
  onChange: (draft: Draft) => void
}

export function SourceForm({ draft, onChange }: SourceFormProps) {
  const source = sourceOf(draft)
  return (
    <div>
      <SegmentedControl
        label="Where the tasks come from"
        value={source}
        onChange={(next) => onChange(withSource(draft, next))}
        options={SOURCES}
      />
      <div className="mt-4">{form(source)}</div>
    </div>
  )

  function form(kind: Source) {
    switch (kind) {
      case 'tasks':
        return <TaskListForm draft={draft} onChange={onChange} />
      case 'perspectives':
      case 'directories':
        return <PatternForm draft={draft} onChange={onChange} />
      case 'goal':
        return <GoalForm draft={draft} onChange={onChange} />
    }
  }
}

function TaskListForm({ draft, onChange }: SourceFormProps) {
  const tasks = draft.tasks ?? []
  const error = useFieldError('/tasks')
  const setTasks = (next: TaskDraft[]) => onChange({ ...draft, tasks: next })
  // Every field is controlled, so a task's index is sufficient as its key.
  const cards = tasks.map((task, index) => ({ task, index, key: `task-${index}` }))
  return (
    <div className="space-y-3">
      {error !== undefined && tasks.length === 0 && <p className="text-sm text-failed">{error}</p>}
      {cards.map(({ task, index, key }) => (
        <TaskCard
          key={key}
          task={task}
          index={index}
          open={tasks.length <= 3}
          onChange={(changed) => setTasks(tasks.map((old, at) => (at === index ? changed : old)))}
          onCopy={() => {
            const { id: _id, ...copy } = task
            setTasks([...tasks.slice(0, index + 1), copy, ...tasks.slice(index + 1)])
          }}
          onRemove={() => setTasks(tasks.filter((_, at) => at !== index))}
        />
      ))}
      <Button onClick={() => setTasks([...tasks, {}])}>
        <Plus className="size-4" aria-hidden />
        Add a task
      </Button>
    </div>
  )
}

function PatternForm({ draft, onChange }: SourceFormProps) {
  const { pattern } = draft
  const kind = pattern?.kind ?? 'perspectives'
  const error = useFieldError(`/pattern/${kind}`)
  if (pattern === undefined) return null
  const placeholder = kind === 'perspectives' ? '{{perspective}}' : '{{directory}}'
  return (
    <div className="space-y-4">
      <AreaField
        label={kind === 'perspectives' ? 'Perspectives' : 'Directories'}
        hint={`One per line; each becomes a task. ${placeholder} in the template stands for it.`}
        mono={kind === 'directories'}
        rows={4}
        error={error}
        value={(pattern.kind === 'perspectives' ? pattern.perspectives : pattern.directories).join(
          '\n',
        )}
        onChange={(text) => {
          const names = lines(text) ?? []
          onChange({
            ...draft,
            pattern:
              pattern.kind === 'perspectives'
                ? { ...pattern, perspectives: names }
                : { ...pattern, directories: names },
          })
        }}
      />
      <div className="rounded-lg border border-line bg-surface p-4">
        <h3 className="mb-3 font-medium">The task for each of them</h3>
        <TaskForm
          template
          path="/pattern/task"
          task={pattern.task}
          placeholder={`Review the code from the perspective of ${placeholder}.`}
          onChange={(task) => onChange({ ...draft, pattern: { ...pattern, task } })}
        />
      </div>
    </div>
  )
}

function GoalForm({ draft, onChange }: SourceFormProps) {
  const error = useFieldError('/goal')
  return (
    <AreaField
      label="Goal"
      hint="A planner model writes independent tasks for it. Check the plan to see them before anything runs."
      placeholder="Implement user authentication with login, registration and password reset"
      rows={4}
      error={error}
      value={draft.goal ?? ''}
      onChange={(goal) => onChange({ ...draft, goal })}
    />
  )
}
