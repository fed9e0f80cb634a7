import { isEnded, type TaskStatus } from '../contract/status.ts'
import type { Todos } from '../contract/views.ts'

type TodoStatus = Todos['todos'][number]['status']

/**
 * The plan as a todo list, in plan order with the synthesis last. Several tasks may be in progress.
 * A task that ended without success is also completed; its text says how it ended.
 */
export function buildTodos(
  tasks: readonly { description: string; status: TaskStatus }[],
  synthesis: { status: 'pending' | 'running' | 'succeeded' | 'failed' | 'disabled' },
): Todos {
  const todos = tasks.map(({ description, status }) => ({
    content: isEnded(status) && status !== 'succeeded' ? `${description} (${status})` : description,
    status: todoStatus(status),
    activeForm: `Running: ${description}`,
  }))
  if (synthesis.status === 'disabled') return { todos }
  const allEnded = tasks.every(({ status }) => isEnded(status))
  return {
    todos: [
      ...todos,
      {
        content:
          synthesis.status === 'failed' ? 'Synthesize results (failed)' : 'Synthesize results',
        status: synthesisStatus(synthesis.status, allEnded),
        activeForm: 'Synthesizing results',
      },
    ],
  }
}

function todoStatus(status: TaskStatus): TodoStatus {
  if (isEnded(status)) return 'completed'
  return status === 'running' ? 'in_progress' : 'pending'
}

function synthesisStatus(
  status: 'pending' | 'running' | 'succeeded' | 'failed',
  allEnded: boolean,
): TodoStatus {
  switch (status) {
    // Only the synthesis itself is still missing.
    case 'pending':
      return allEnded ? 'in_progress' : 'pending'
    case 'running':
      return 'in_progress'
    case 'succeeded':
    case 'failed':
      return 'completed'
  }
}
