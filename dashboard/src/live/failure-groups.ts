import type { LiveTask } from './plan-model.ts'

/** Tasks that ended with the same error, apart from numbers and names in it. */
export interface FailureGroup {
  key: string
  code: string
  /** The message of the first task. */
  message: string
  tasks: string[]
}

/** The failed and incomplete tasks by error, the most frequent error first. */
export function failureGroups(tasks: Iterable<LiveTask>): FailureGroup[] {
  const groups = new Map<string, FailureGroup>()
  for (const { id, status, error } of tasks) {
    if (status !== 'failed' && status !== 'incomplete') continue
    const code = error?.code ?? status
    const message = error?.message ?? 'No error was recorded.'
    const key = `${code} ${pattern(message, id)}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { key, code, message, tasks: [id] })
    else group.tasks.push(id)
  }
  return [...groups.values()].sort((a, b) => b.tasks.length - a.tasks.length)
}

/** The common part of similar errors: without task ids, quotations, ids and numbers. */
function pattern(message: string, taskId: string): string {
  return message
    .replaceAll(taskId, '…')
    .replaceAll(/"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”/g, '…')
    .replaceAll(/\b(?=[\w-]*\d)[\w-]+\b/g, '…')
}
