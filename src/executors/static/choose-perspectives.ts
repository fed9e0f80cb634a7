import type { TaskSpec } from '../../core/contract/task-spec.ts'
import { PERSPECTIVES, type Perspective } from './options.ts'

/** Words that name a perspective anywhere in a text. */
const NAMES: Record<Perspective, RegExp> = {
  security:
    /\b(?:secur(?:e|ity)|vulnerabilit(?:y|ies)|vulnerable|owasp|pen-?test\w*|injections?|xss|csrf|ssrf|exploit\w*|attack(?:s|er|ers)?|threats?|secrets?|hardening)\b/i,
  performance:
    /\b(?:perf|performan(?:ce|t)|speed|slow(?:ness)?|latency|throughput|bottlenecks?|optimi[sz](?:e|ation|ations|ing)|scalab(?:le|ility)|n\+1|memory (?:use|usage|leaks?)|efficien(?:t|cy))\b/i,
  testing:
    /\b(?:testing|tests|tested|untested|test[- ](?:coverage|suites?|cases?|quality|gaps?|review|engineer|specialist|expert|strategy)|code coverage|qa|quality assurance|flaky)\b/i,
  architecture:
    /\b(?:arch|architect(?:ure|ural)?|structur(?:e|al)|modular(?:ity)?|coupling|cohesion|layer(?:s|ing)|dependenc(?:y|ies)|import cycles?|design|maintainab(?:le|ility)|complexity|refactor(?:ing)?|technical debt|code quality|clean code|correctness|bugs?)\b/i,
}

/**
 * The perspectives that a task asks for: its option, otherwise the words of the most specific text
 * that names any (id and description, role, task, focus areas), otherwise all.
 */
export function choosePerspectives(
  spec: Pick<
    TaskSpec,
    'id' | 'description' | 'role' | 'task' | 'focusAreas' | 'prompt' | 'options' | 'files'
  >,
): { perspectives: Perspective[]; because: 'option' | 'words' | 'nothing named' } {
  const option = spec.options?.perspective
  if (option === 'all') return { perspectives: [...PERSPECTIVES], because: 'option' }
  const chosen = PERSPECTIVES.find((perspective) => perspective === option)
  if (chosen) return { perspectives: [chosen], because: 'option' }
  // A task for the folder `src/security` has it in its id and description without asking for the
  // perspective.
  const withoutPaths = withoutFolderNames(spec)
  const texts = [
    withoutPaths(`${spec.id.replace(/[-_]/g, ' ')} ${spec.description}`),
    spec.role,
    withoutPaths(spec.task ?? spec.prompt ?? ''),
    spec.focusAreas?.join('\n'),
  ]
  for (const text of texts) {
    const named = PERSPECTIVES.filter((perspective) => text && text.search(NAMES[perspective]) >= 0)
    if (named.length > 0) return { perspectives: named, because: 'words' }
  }
  return { perspectives: [...PERSPECTIVES], because: 'nothing named' }
}

function withoutFolderNames({ files }: Pick<TaskSpec, 'files'>): (text: string) => string {
  const globs = Array.isArray(files) ? files : [...(files?.read ?? []), ...(files?.write ?? [])]
  const names = new Set(globs.flatMap((glob) => glob.toLowerCase().split(/[^a-z0-9]+/)))
  return (text) =>
    text
      .replace(/\S+/g, (word) => (word.includes('/') ? ' ' : word))
      .replace(/[a-z0-9]+/gi, (word) => (names.has(word.toLowerCase()) ? ' ' : word))
}
