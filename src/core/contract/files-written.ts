import type { TaskFiles, TaskSpec } from './task-spec.ts'

/** Runs programs, which may change any file. */
const RUN = 'run'
/** Tools that change files, as every executor names them, whatever the case. */
const WRITING_TOOLS: ReadonlySet<string> = new Set(['write', 'edit', 'delete', RUN])

/** The globs that a task may write; empty for one that only reads. */
export function writesOf(spec: Pick<TaskSpec, 'files'>): string[] {
  return spec.files === undefined || Array.isArray(spec.files) ? [] : (spec.files.write ?? [])
}

/**
 * Makes explicit what a task may write. A task that asks for writing tools without saying where may
 * write the files it works on, or any file if it names none. Everything that keeps writers apart
 * relies on this.
 */
export function withWrites<Task extends Pick<TaskSpec, 'files' | 'tools'>>(task: Task): Task {
  const { tools = [] } = task
  const writes = tools.some((name) => WRITING_TOOLS.has(name.toLowerCase()))
  return writes ? { ...task, files: written(task.files) } : task
}

/** Whether a task is to run programs, which it can only do in a folder. */
export function runsPrograms({ tools = [] }: Pick<TaskSpec, 'tools'>): boolean {
  return tools.some((name) => name.toLowerCase() === RUN)
}

function written(files: TaskFiles | undefined): TaskFiles {
  if (files === undefined) return { write: ['**'] }
  if (Array.isArray(files)) return { read: files, write: files }
  return files.write === undefined ? { ...files, write: files.read ?? ['**'] } : files
}
