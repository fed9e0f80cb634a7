// A submission while it is being written. Empty lines and fields are allowed here and dropped by
// `toSubmission`; the service validates the rest, so that no rule is implemented twice.

export interface TaskDraft {
  id?: string
  description?: string
  role?: string
  task?: string
  context?: string
  files?: string[] | { read?: string[]; write?: string[] }
  outputFormat?: string
  focusAreas?: string[]
  prompt?: string
  outputSchema?: unknown
  dependsOn?: string[]
  executor?: string
  model?: string
  tools?: string[]
  options?: Record<string, unknown>
  timeoutMs?: number
  attempts?: number
  priority?: number
}

export interface Draft {
  title?: string
  context?: string
  tasks?: TaskDraft[]
  pattern?:
    | { kind: 'perspectives'; perspectives: string[]; task: TaskDraft }
    | { kind: 'directories'; directories: string[]; task: TaskDraft }
  goal?: string
  mode?: string
  policy?: Record<string, unknown>
  workspace?: {
    path?: string
    git?: { url?: string; ref?: string; credential?: string }
    files?: Record<string, string>
  }
  synthesis?: false | Record<string, unknown>
  webhook?: { url?: string; events?: string[] }
  metadata?: Record<string, unknown>
}

export type Source = 'tasks' | 'perspectives' | 'directories' | 'goal'

export function sourceOf(draft: Draft): Source {
  if (draft.pattern !== undefined) return draft.pattern.kind
  return draft.goal !== undefined && draft.tasks === undefined ? 'goal' : 'tasks'
}

/** Changes where the tasks come from, keeping what was written about them. */
export function withSource(draft: Draft, source: Source): Draft {
  if (source === sourceOf(draft)) return draft
  const { tasks, pattern, goal, ...rest } = draft
  const template = pattern?.task ?? tasks?.[0] ?? { task: goal ?? '' }
  const { id: _id, dependsOn: _dependsOn, description: _description, ...task } = template
  switch (source) {
    case 'tasks':
      return { ...rest, tasks: [{ ...task }] }
    case 'perspectives':
      return {
        ...rest,
        pattern: {
          kind: 'perspectives',
          perspectives: ['security', 'performance', 'testing', 'architecture'],
          task,
        },
      }
    case 'directories':
      return { ...rest, pattern: { kind: 'directories', directories: [''], task } }
    case 'goal':
      return { ...rest, goal: template.task ?? '' }
  }
}

/**
 * Converts the structured fields to one editable prompt, in the order in which the service renders
 * them.
 */
export function asPrompt(draft: TaskDraft): TaskDraft {
  const { role, task, context, outputFormat, focusAreas, ...rest } = draft
  const parts = [
    role && `You are a ${role}.`,
    task,
    context && `Context:\n${context}`,
    outputFormat && `Output format:\n${outputFormat}`,
    focusAreas && `Focus areas:\n${focusAreas.map((area) => `- ${area}`).join('\n')}`,
  ]
  return { ...rest, prompt: parts.filter(Boolean).join('\n\n') }
}

export function asFields({ prompt, ...rest }: TaskDraft): TaskDraft {
  return { ...rest, task: prompt ?? '' }
}

/** `undefined` and empty strings remove the field. */
export function withField<T extends object>(value: T, field: keyof T, next: unknown): T {
  const { [field]: _before, ...rest } = value
  return (next === undefined || next === '' ? rest : { ...rest, [field]: next }) as T
}

export function lines(text: string): string[] | undefined {
  return text === '' ? undefined : text.split('\n')
}

/** What is sent: without empty lines and empty parts. */
export function toSubmission({ workspace, ...rest }: Draft): Record<string, unknown> {
  // A file may be empty, and its text is sent unchanged.
  const files = Object.keys(workspace?.files ?? {}).length > 0
  const kept = files ? workspace : prune(workspace)
  return {
    ...(prune(rest) as object | undefined),
    ...(kept === undefined ? {} : { workspace: kept }),
  }
}

function prune(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value
  if (Array.isArray(value)) {
    const items = value.map((item) => prune(item)).filter((item) => item !== undefined)
    return items.length === 0 ? undefined : items
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .map(([name, part]) => [name, prune(part, name)] as const)
    .filter(([, part]) => part !== undefined)
  // An empty synthesis asks for one with defaults; any other empty part means nothing.
  if (entries.length === 0 && key !== 'synthesis') return undefined
  return Object.fromEntries(entries)
}

export interface Example {
  name: string
  description: string
  draft: Draft
}

export const EMPTY_DRAFT: Draft = { tasks: [{}] }

/** Examples include their files, so that they run on a service without configured folders. */
const SAMPLE_FILES = {
  'src/auth/session.ts': `import { createHash } from 'node:crypto'

export function sessionId(user: string) {
  return createHash('md5').update(user + Math.random()).digest('hex')
}
`,
  'src/api/export.ts': `import { exec } from 'node:child_process'

export function exportReport(name: string) {
  exec(\`tar czf /tmp/\${name}.tgz reports/\${name}\`)
}
`,
  'src/db/users.ts': `import type { Client } from 'pg'

export async function usersByIds(client: Client, ids: string[]) {
  const users = []
  for (const id of ids) {
    users.push(await client.query(\`select * from users where id = '\${id}'\`))
  }
  return users
}
`,
}

export const EXAMPLES: Example[] = [
  {
    name: 'Review from four sides',
    description: 'Security, performance, testing and architecture look at the same code.',
    draft: {
      title: 'Review from four sides',
      pattern: {
        kind: 'perspectives',
        perspectives: ['security', 'performance', 'testing', 'architecture'],
        task: {
          role: '{{perspective}} specialist',
          task: 'Review the code from the perspective of {{perspective}}.',
          files: ['src/**'],
          outputFormat: 'Findings with severity, file, line and a recommendation.',
        },
      },
      workspace: { files: SAMPLE_FILES },
    },
  },
  {
    name: 'A task for each directory',
    description: 'The same question about several parts of a code base.',
    draft: {
      title: 'What each part does',
      pattern: {
        kind: 'directories',
        directories: ['src/auth', 'src/api', 'src/db'],
        task: {
          role: 'Maintainer',
          task: 'Describe what {{directory}} does, and what is hard to change in it.',
          files: ['{{directory}}/**'],
        },
      },
      workspace: { files: SAMPLE_FILES },
    },
  },
  {
    name: 'Rehearsal',
    description: 'Twelve echo tasks of different length: no model, no cost.',
    draft: {
      title: 'Rehearsal',
      tasks: [1.2, 2.4, 0.8, 3.1, 1.9, 2.7, 1.1, 3.6, 2.2, 1.5, 2.9, 0.6].map((seconds, index) => ({
        id: `voice-${index + 1}`,
        description: `Voice ${index + 1}`,
        task: `Play for ${seconds} seconds.`,
        executor: 'echo',
        options: { delayMs: Math.round(seconds * 1_000) },
      })),
    },
  },
]
