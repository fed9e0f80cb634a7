import type { TaskStatus } from '../contract/status.ts'
import type { TaskFiles, TaskSpec } from '../contract/task-spec.ts'
import { shorten } from './shorten.ts'
import { fairShares } from './tokens.ts'

/** What a task's prompt says about a task it depends on. */
export interface DependencyResult {
  taskId: string
  description: string
  status: TaskStatus
  text: string
}

/** The total characters of all dependencies' outputs in a prompt. */
export const MAX_DEPENDENCY_CHARS = 120_000

/**
 * Renders a task's own prompt: role, task, context, files, output format and focus areas in this
 * order, or `prompt` verbatim, followed by the outputs of the tasks it depends on. Fields that were
 * not given get no heading.
 */
export function renderTaskPrompt(
  spec: Pick<
    TaskSpec,
    'role' | 'task' | 'context' | 'files' | 'outputFormat' | 'focusAreas' | 'prompt'
  >,
  dependencies: readonly DependencyResult[] = [],
): string {
  const parts: string[] = []
  if (spec.prompt === undefined) {
    if (spec.role !== undefined) parts.push(renderRole(spec.role))
    if (spec.task !== undefined) parts.push(`Task: ${spec.task.trim()}`)
    if (spec.context !== undefined) parts.push(`Context:\n${spec.context.trim()}`)
    const files = renderFiles(spec.files)
    if (files !== '') parts.push(`Files to work with:\n${files}`)
    if (spec.outputFormat !== undefined) parts.push(`Output format:\n${spec.outputFormat.trim()}`)
    if (spec.focusAreas !== undefined && spec.focusAreas.length > 0) {
      parts.push(`Focus areas:\n${bullets(spec.focusAreas)}`)
    }
  } else {
    parts.push(spec.prompt)
  }
  if (dependencies.length > 0) parts.push(renderDependencies(dependencies))
  return parts.join('\n\n')
}

/** The shared context comes first, byte for byte the same in every task: a cacheable prefix. */
export function renderFullPrompt(sharedContext: string, taskPrompt: string): string {
  return sharedContext === '' ? taskPrompt : `${sharedContext}\n\n${taskPrompt}`
}

/** Words for what somebody is, as opposed to what somebody is good at. */
const PROFESSION =
  /\b(specialist|engineer|reviewer|expert|analyst|architect|developer|tester|auditor|writer|designer|researcher|planner|manager|lead|leader|consultant|agent|subagent|assistant|programmer|scientist|administrator|editor|author|critic|coder|maintainer|investigator|inspector|strategist|advisor|adviser|translator|teacher|mentor|lawyer|owner|operator|technician|optimizer|optimiser|librarian|historian|journalist|economist|linguist|mathematician|statistician|evaluator|judge|verifier|master|professional|practitioner|guru|veteran|hacker|person|user|member)$/i

const QUALIFIER =
  /\s(?:for|in|of|on|at|with|who|that|from|specialising|specializing|focused|focusing)\s/i

function renderRole(given: string): string {
  const text = given.trim()
  // A role in whole sentences already says who the subagent is.
  if (/\n|[.!?]$|[.!?]\s+\p{Lu}/u.test(text)) {
    return /^you\b/i.test(text) ? text : `You are a specialist for this specific task. ${text}`
  }
  const role = text.replace(/^you(?:'re| are)\s+/i, '').replace(/^(?:an?|the)\s+/i, '')
  if (role === '') return 'You are a specialist for this specific task.'
  const head = role.split(QUALIFIER)[0] ?? role
  const title = PROFESSION.test(head) ? role : `${role} specialist`
  return `You are ${article(title)} ${title} for this specific task.`
}

/** `an` before a vowel sound, as far as spelling shows: an API, an SQL, a UX, a user, a one-off. */
function article(phrase: string): 'a' | 'an' {
  const word = phrase.split(/[\s/-]/)[0] ?? ''
  if (
    /^[A-Z][A-Z0-9]+$/.test(word) &&
    !/^(?:REST|SAST|DAST|SOC|RAG|LAN|RAM|ROM|NAT|MAC)$/.test(word)
  ) {
    return /^[AEFHILMNORSX]/.test(word) ? 'an' : 'a'
  }
  if (/^(?:uni|use|usa|usu|uti|eu|one|once|ux|ubiq)/i.test(word) && !/^unin/i.test(word)) return 'a'
  if (/^(?:hour|honest|heir|honou?r)/i.test(word)) return 'an'
  return /^[aeiou]/i.test(word) ? 'an' : 'a'
}

function renderFiles(files: TaskFiles | undefined): string {
  if (files === undefined) return ''
  if (Array.isArray(files)) return bullets(files)
  const { read = [], write = [] } = files
  const parts: string[] = []
  if (read.length > 0) parts.push(`Read:\n${bullets(read)}`)
  if (write.length > 0) parts.push(`Write (change no other files):\n${bullets(write)}`)
  return parts.join('\n')
}

function bullets(items: readonly string[]): string {
  return items.map((item) => `- ${item.trim()}`).join('\n')
}

function renderDependencies(dependencies: readonly DependencyResult[]): string {
  const limits = fairShares(
    dependencies.map(({ text }) => text.length),
    MAX_DEPENDENCY_CHARS,
  )
  const sections = dependencies.map(({ taskId, description, status, text }, index) => {
    const heading = `### ${taskId}: ${description}${status === 'succeeded' ? '' : ` (${status})`}`
    const limit = limits[index] ?? 0
    const body =
      text.length <= limit
        ? text.trim()
        : `${shorten(text, limit)}\n[cut: the first ${limit} of ${text.length} characters]`
    return `${heading}\n${body === '' ? '(no output)' : body}`
  })
  return `Results of the tasks this one depends on:\n\n${sections.join('\n\n')}`
}
