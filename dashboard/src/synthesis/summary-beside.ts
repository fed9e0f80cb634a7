import type { Synthesis } from '../api/types.ts'

/** Sections of a merged summary that the page already shows, with links. */
const BESIDE = new Set(['Top risks', 'Findings by file', 'What to do first', 'Coverage'])

/**
 * The summary as shown next to the rest of its synthesis. One that was merged by rule can be read
 * on its own, so it repeats what the page shows anyway: notes, findings, actions, and what is
 * missing.
 */
export function summaryBeside({
  executor,
  notes,
  summary,
}: Pick<Synthesis, 'executor' | 'notes' | 'summary'>): string {
  if (executor !== 'merge') return summary
  const [first = '', ...rest] = summary.split('\n')
  const repeatsNotes = first.startsWith('> ') && notes.some((note) => first.includes(note))
  return (repeatsNotes ? rest.join('\n') : summary)
    .split(/^(?=## )/m)
    .filter((section) => !BESIDE.has(/^## (.*)/.exec(section)?.[1] ?? ''))
    .join('')
    .trim()
}
