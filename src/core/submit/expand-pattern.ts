import type { FieldError } from '../contract/errors.ts'
import { check } from '../contract/field-errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../contract/limits.ts'
import type { SubmitPlan } from '../contract/submission.ts'
import { type SubmittedTask, taskSchema } from '../contract/task-spec.ts'
import { shorten } from '../text/shorten.ts'
import { checkTaskGraph } from './check-task-graph.ts'
import { describeTask } from './describe-task.ts'

type Pattern = NonNullable<SubmitPlan['pattern']>

/** A task with the id and description that a submission may leave out. */
export type NamedTask = SubmittedTask & { id: string; description: string }

/**
 * The tasks of a plan, or those of its pattern, each with an id and a description. `errors` lists
 * every wrong field: duplicate ids, missing dependencies, cycles, and pattern entries that give no
 * valid task. A plan with a `goal` has no tasks yet.
 */
export function expandTasks(
  plan: Pick<SubmitPlan, 'tasks' | 'pattern'>,
  limits: Limits = DEFAULT_LIMITS,
): { tasks: NamedTask[]; errors: FieldError[] } {
  const errors: FieldError[] = []
  const submitted = plan.pattern ? expandPattern(plan.pattern, limits, errors) : (plan.tasks ?? [])
  const tasks = nameTasks(submitted)
  // As submitted, so that pointers match what the caller wrote.
  const graph = tasks.map(({ id }, index) => ({ id, dependsOn: submitted[index]?.dependsOn }))
  const inGraph = checkTaskGraph(graph, plan.pattern === undefined ? '/tasks' : undefined)
  return { tasks, errors: errors.concat(inGraph) }
}

/**
 * Names tasks without an id `task-1`, `task-2` … by position, avoiding ids that are taken.
 *
 * @param before Ids of the tasks that the plan has before these.
 */
export function nameTasks(
  tasks: readonly SubmittedTask[],
  before: readonly string[] = [],
): NamedTask[] {
  const given = tasks.flatMap(({ id }) => (id === undefined ? [] : [id]))
  const taken: TakenIds = new Map([...before, ...given].map((id) => [id, 2]))
  return tasks.map((task, index) => {
    const id = task.id ?? unique(`task-${before.length + index + 1}`, taken)
    const named: NamedTask = { ...task, id, description: task.description ?? describeTask(task) }
    if (task.dependsOn !== undefined) named.dependsOn = [...new Set(task.dependsOn)]
    return named
  })
}

/** One entry of a pattern's list. */
interface Entry {
  value: string
  pointer: string
}

function expandPattern(pattern: Pattern, limits: Limits, errors: FieldError[]): SubmittedTask[] {
  const entries = patternEntries(pattern, errors)
  const size = expandedSize(pattern, entries)
  if (size > limits.maxBodyBytes) {
    errors.push({
      pointer: '/pattern',
      detail: `expands to ${entries.length} tasks of ${size} characters, more than the ${limits.maxBodyBytes} that one plan may hold`,
    })
    return []
  }
  const schema = taskSchema(limits)
  const taken: TakenIds = new Map()
  const tasks: SubmittedTask[] = []
  for (const [index, entry] of entries.entries()) {
    const expanded = expandTemplate(pattern, entry.value, index, taken)
    const parsed = check(schema, expanded)
    if (parsed.problems === undefined) tasks.push(parsed.data)
    else {
      for (const { path, message } of parsed.problems) {
        errors.push({
          pointer: entry.pointer,
          detail: `makes a task whose \`${path.join('.')}\` ${message}`,
        })
      }
    }
  }
  return tasks
}

/** The trimmed list of the pattern, with an error for each entry that is blank or repeated. */
function patternEntries(pattern: Pattern, errors: FieldError[]): Entry[] {
  const field = pattern.kind
  const given = pattern.kind === 'directories' ? pattern.directories : pattern.perspectives
  const seen = new Map<string, string>()
  const entries: Entry[] = []
  for (const [index, text] of given.entries()) {
    const pointer = `/pattern/${field}/${index}`
    const value = field === 'directories' ? trimDirectory(text) : text.trim()
    const key = field === 'directories' ? value : value.toLowerCase()
    const earlier = seen.get(key)
    const wrong =
      field === 'directories' && (value.startsWith('/') || value.split('/').includes('..'))
        ? 'must be relative to the workspace, without ".."'
        : value === ''
          ? 'must not be blank'
          : earlier && `is given twice: it is also ${earlier}`
    if (wrong) errors.push({ pointer, detail: wrong })
    else {
      seen.set(key, pointer)
      entries.push({ value, pointer })
    }
  }
  return entries
}

/** `./src//auth/` becomes `src/auth`; the workspace itself is `.`. */
function trimDirectory(text: string): string {
  const trimmed = text.trim()
  if (trimmed === '') return ''
  const parts = trimmed.split('/').filter((part) => part !== '' && part !== '.')
  const path = parts.join('/')
  if (trimmed.startsWith('/')) return `/${path}`
  return path === '' ? '.' : path
}

/** The characters of all tasks together, so that a short body cannot expand to gigabytes. */
function expandedSize(pattern: Pattern, entries: readonly Entry[]): number {
  const template = JSON.stringify(pattern.task)
  const uses = template.match(placeholder(pattern))?.length ?? 0
  return entries.reduce((sum, { value }) => sum + template.length + uses * value.length, 0)
}

function placeholder({ kind }: Pattern): RegExp {
  return kind === 'directories' ? /\{\{\s*directory\s*\}\}/g : /\{\{\s*perspective\s*\}\}/g
}

function expandTemplate(
  pattern: Pattern,
  value: string,
  index: number,
  taken: TakenIds,
): SubmittedTask {
  const template = pattern.task
  const mark = placeholder(pattern)
  const fill = (text: string) => text.replace(mark, () => value)
  const fillId = (text: string) => (fill(text) === text ? text : slug(fill(text)))
  const { id, dependsOn, files, ...rest } = template
  const task = {
    ...replaceStrings(rest, fill),
    ...(dependsOn && { dependsOn: dependsOn.map(fillId) }),
  }
  const own =
    id === undefined ? slug(value) : fillId(id) === id ? slug(`${id}-${value}`) : fillId(id)
  const named: SubmittedTask = {
    ...task,
    id: unique(
      own || `${pattern.kind === 'directories' ? 'directory' : 'perspective'}-${index + 1}`,
      taken,
    ),
    description: shorten(expandDescription(pattern, value, fill), 200, '…'),
  }
  if (pattern.kind === 'directories') {
    const literal = escapeBrackets(value)
    named.files = replaceStrings(files ?? [value === '.' ? '**' : '{{directory}}/**'], (glob) =>
      glob.replace(mark, () => literal).replace(/^(?:\.\/)+/, ''),
    )
    return named
  }
  if (files !== undefined) named.files = replaceStrings(files, fill)
  if (template.prompt === undefined) {
    if (template.role === undefined) named.role = value
    // A template that never mentions the perspective would give the same task every time.
    else if (JSON.stringify(template).search(mark) === -1) {
      named.focusAreas = [value, ...(template.focusAreas ?? [])]
    }
  }
  return named
}

function expandDescription(pattern: Pattern, value: string, fill: (text: string) => string) {
  const { description } = pattern.task
  if (description !== undefined) {
    return fill(description) === description ? `${description}: ${value}` : fill(description)
  }
  if (pattern.kind === 'directories') return `Analyse ${value}`
  const title = value.charAt(0).toUpperCase() + value.slice(1)
  return /\b(review|analysis|assessment|audit|check|inspection|testing)$/i.test(title) &&
    title.includes(' ')
    ? title
    : `${title} review`
}

/** `value` with every string replaced, in arrays and objects of any depth; keys are kept. */
function replaceStrings<T>(value: T, replace: (text: string) => string): T
function replaceStrings(value: unknown, replace: (text: string) => string): unknown {
  if (typeof value === 'string') return replace(value)
  if (Array.isArray(value)) return value.map((item) => replaceStrings(item, replace))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, replaceStrings(item, replace)]),
  )
}

/** Folders such as `app/[slug]` and `app/(shop)` in a list of directories are names, not globs. */
function escapeBrackets(path: string): string {
  return path.replace(/[[\]()]/g, '\\$&')
}

/** Lower-case letters and digits without accents: `src/Über uns` becomes `src-uber-uns`. */
function slug(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^[-_]+/, '')
  return shorten(words, 64).replace(/(?<!-)-+$/, '')
}

/** Ids in use, each with the suffix to try first for the next duplicate. */
type TakenIds = Map<string, number>

/** `id`, or the first free one of `id-2`, `id-3` …, which is then taken. */
function unique(id: string, taken: TakenIds): string {
  let candidate = id
  let number = taken.get(id) ?? 2
  for (; taken.has(candidate); number += 1) {
    const suffix = `-${number}`
    candidate = shorten(id, 64 - suffix.length) + suffix
  }
  taken.set(id, number)
  taken.set(candidate, taken.get(candidate) ?? 2)
  return candidate
}
