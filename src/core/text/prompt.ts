import type { TaskStatus } from '../contract/status.ts'
import type { SubmittedTask, TaskFiles, TaskSpec } from '../contract/task-spec.ts'

/** What a task is told of one task that it depends on. */
export interface DependencyResult {
  taskId: string
  description: string
  status: TaskStatus
  text: string
}

/** Characters that the outputs of all dependencies may take in a prompt, together. */
export const MAX_DEPENDENCY_CHARS = 120_000

/**
 * A task's own prompt: role, task, context, files, output format and focus areas in this order, or
 * `prompt` as it is, and then what the tasks that it depends on produced. A field that was not
 * given leaves no heading.
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

/**
 * A guess at the tokens of a text, good to about a quarter: four characters a token in English and
 * code, and about one for scripts with a character a syllable or a word.
 */
export function estimateTokens(text: string): number {
  let wide = 0
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x2fff) wide += 1
  return Math.ceil((text.length - wide) / 4 + wide)
}

/**
 * Three to five words for lists, where the caller gave no description: the beginning of the task's
 * first sentence. Fewer where the text itself has fewer.
 */
export function describeTask(task: Pick<SubmittedTask, 'task' | 'prompt' | 'role'>): string {
  const source = firstLine(task.task ?? task.prompt ?? '') || firstLine(task.role ?? '')
  const words = source.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  while (words.length > 3 && /^(please|kindly|now|then|first)$/i.test(words[0] ?? '')) words.shift()
  const chosen = words.slice(0, 5)
  while (chosen.length > 3 && DANGLING.test(chosen.at(-1) ?? '')) chosen.pop()
  const text = shorten(chosen.join(' ').replace(/[\s.,;:!?–—-]+$/u, ''), 80)
  return text === '' ? 'Task' : text.charAt(0).toUpperCase() + text.slice(1)
}

/** Words that a short description should not end with. */
const DANGLING =
  /^(a|an|the|of|and|or|to|in|on|at|for|from|with|by|as|into|that|which|is|are|its|all|every|each)$/i

/** The first sentence of the first line that says something, without Markdown's marks. */
function firstLine(text: string): string {
  for (const line of text.split('\n', 50)) {
    const plain = line
      .slice(0, 1_000)
      .replace(/^[\s#>*+-]+|^\s*\d+[.)]\s+/, '')
      .replace(/[`*]+/g, '')
      .trim()
    if (/[\p{L}\p{N}]/u.test(plain)) return plain.split(/[.!?;:](?:\s|$)|[。！？；：]/u)[0] ?? plain
  }
  return ''
}

/** What somebody is, as opposed to what somebody is good at. */
const PROFESSION =
  /\b(specialist|engineer|reviewer|expert|analyst|architect|developer|tester|auditor|writer|designer|researcher|planner|manager|lead|leader|consultant|agent|subagent|assistant|programmer|scientist|administrator|editor|author|critic|coder|maintainer|investigator|inspector|strategist|advisor|adviser|translator|teacher|mentor|lawyer|owner|operator|technician|optimizer|optimiser|librarian|historian|journalist|economist|linguist|mathematician|statistician|evaluator|judge|verifier|master|professional|practitioner|guru|veteran|hacker|person|user|member)$/i

const QUALIFIER =
  /\s(?:for|in|of|on|at|with|who|that|from|specialising|specializing|focused|focusing)\s/i

function renderRole(given: string): string {
  const text = given.trim()
  // A role of whole sentences already says who the subagent is.
  if (/\n|[.!?]$|[.!?]\s+\p{Lu}/u.test(text)) {
    return /^you\b/i.test(text) ? text : `You are a specialist for this specific task. ${text}`
  }
  const role = text.replace(/^you(?:'re| are)\s+/i, '').replace(/^(?:an?|the)\s+/i, '')
  if (role === '') return 'You are a specialist for this specific task.'
  const head = role.split(QUALIFIER)[0] ?? role
  const title = PROFESSION.test(head) ? role : `${role} specialist`
  return `You are ${article(title)} ${title} for this specific task.`
}

/** `an` before a vowel sound, as far as spelling tells: an API, an SQL, a UX, a user, a one-off. */
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

/** Divides `total` so that nobody gets more than asked for, and what small ones leave goes to large ones. */
export function fairShares(wanted: readonly number[], total: number): number[] {
  const shares = wanted.map(() => 0)
  const ascending = wanted.map((size, index) => ({ size, index })).sort((a, b) => a.size - b.size)
  let left = total
  for (const [position, { size, index }] of ascending.entries()) {
    const share = Math.min(size, Math.floor(left / (ascending.length - position)))
    shares[index] = share
    left -= share
  }
  return shares
}

/** The first `limit` characters, without half of a surrogate pair at the end. */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)
}
