/** The cost of compiling a JSON Schema, in the unit of `submissionWork`. */
const SCHEMA = 200_000
/** The fixed cost of a task: it is checked, named, quoted and stored. */
const TASK = 1_000
/** The cost of matching a glob, in characters, and how many other globs it is compared with. */
const PATH = 20
const MOST_COMPARED = 2_000
/** The cost of checking a key: an unknown field, or the name of a file. */
const KEY = 30
/** The cost of a character when tasks are compared with each other, and how many of a task count. */
const TEXT = 5
const MOST_TEXT = 2_000

/**
 * A rough estimate of the work that a body causes, made before it is examined: twenty thousand are
 * about a millisecond. A body of a few hundred kilobytes may contain ten thousand tasks with a long
 * text each, or need millions of matches of globs and files.
 *
 * @param options.advised Whether advice is computed, which compares the texts of tasks.
 */
export function submissionWork(body: unknown, options: { advised?: boolean } = {}): number {
  if (!isRecord(body)) return 0
  const { tasks, pattern, synthesis, workspace } = body
  const paths = isRecord(workspace) && isRecord(workspace.files) ? sizeOf(workspace.files) : 0
  let work = schemaWork(synthesis) + KEY * (sizeOf(body) + paths)
  let globs = 0
  for (const task of Array.isArray(tasks) ? tasks : []) {
    work += TASK + schemaWork(task) + keyWork(task)
    if (options.advised === true) work += TEXT * Math.min(textLength(task), MOST_TEXT)
    globs += globCount(task)
  }
  if (isRecord(pattern)) {
    const made = Math.max(lengthOf(pattern.directories), lengthOf(pattern.perspectives))
    const template = JSON.stringify(pattern.task ?? '').length
    work += made * (TASK + template) + schemaWork(pattern.task)
    globs += made * (globCount(pattern.task) + 1)
  }
  return work + globs * PATH * (paths + Math.min(globs, MOST_COMPARED))
}

function schemaWork(value: unknown): number {
  return isRecord(value) && value.outputSchema !== undefined ? SCHEMA : 0
}

function keyWork(task: unknown): number {
  if (!isRecord(task)) return 0
  return KEY * (sizeOf(task) + (isRecord(task.options) ? sizeOf(task.options) : 0))
}

function textLength(task: unknown): number {
  if (!isRecord(task)) return 0
  const texts = Object.values(task).filter((value) => typeof value === 'string')
  return texts.reduce((sum, text) => sum + text.length, 0)
}

function globCount(task: unknown): number {
  if (!isRecord(task)) return 0
  const { files } = task
  if (Array.isArray(files)) return files.length
  return isRecord(files) ? lengthOf(files.read) + lengthOf(files.write) : 0
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0
}

function sizeOf(value: Record<string, unknown>): number {
  return Object.keys(value).length
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
