import type { PreviousRun, Synthesis, SynthesisFinding } from '../contract/synthesis.ts'
import { formatPlace } from '../findings/places.ts'
import { countOf, oneLine } from './draft-findings.ts'
import { matchFindings } from './match-findings.ts'

/** The synthesis of an earlier plan. */
export interface Earlier {
  planId: string
  synthesis: Pick<Synthesis, 'version' | 'findings'>
}

const MAX_LISTED = 20

/**
 * Says of each finding whether the earlier synthesis has it too, and which of the earlier ones are
 * fixed. A finding is not called fixed if none of the tasks that reported it succeeded this time:
 * nobody looked. Refuted findings are left out on both sides.
 */
export function compareRuns(synthesis: Synthesis, { planId, synthesis: earlier }: Earlier): void {
  const before = earlier.findings.filter(holds)
  const after = synthesis.findings.filter(holds)
  const matches = matchFindings(before, after)
  for (const [index, finding] of after.entries()) {
    const known = matches.earlier[index]
    finding.change =
      known === undefined ? { kind: 'new' } : { kind: 'still', was: before[known]?.id ?? '' }
  }
  const { succeeded, missing } = synthesis.coverage
  const looked = new Set(succeeded)
  const gone = matches.gone.flatMap((index) => before[index] ?? [])
  const wasLookedFor = ({ sources }: SynthesisFinding) =>
    missing.length === 0 || sources.some((task) => looked.has(task))
  const previous: PreviousRun = {
    planId,
    version: earlier.version,
    fixed: gone.filter(wasLookedFor).map(told),
    unchecked: gone.filter((finding) => !wasLookedFor(finding)).map(told),
  }
  synthesis.previous = previous
  synthesis.summary = withChanges(synthesis.summary, after, previous)
}

function holds({ verification }: SynthesisFinding): boolean {
  return verification?.status !== 'refuted'
}

function told({ id, title, severity, file, line }: SynthesisFinding): PreviousRun['fixed'][number] {
  return {
    id,
    title,
    severity,
    ...(file === undefined ? {} : { file }),
    ...(line === undefined ? {} : { line }),
  }
}

function withChanges(
  summary: string,
  after: readonly SynthesisFinding[],
  { planId, fixed, unchecked }: PreviousRun,
): string {
  const added = after.filter(({ change }) => change?.kind === 'new')
  const counts = [
    countOf(added.length, 'new finding'),
    `${after.length - added.length} that ${after.length - added.length === 1 ? 'is' : 'are'} still there`,
    `${fixed.length} fixed`,
  ]
  const lines = [
    `## Since plan ${planId}`,
    `${counts.slice(0, -1).join(', ')} and ${counts.at(-1)}.${unsure(unchecked.length)}`,
    list('New', added),
    list('Fixed', fixed),
  ]
  return [summary.trimEnd(), ...lines.filter((line) => line !== '')].join('\n\n')
}

function unsure(count: number): string {
  if (count === 0) return ''
  return ` ${countOf(count, 'earlier finding')} may still be there: the tasks that reported ${count === 1 ? 'it' : 'them'} did not succeed this time.`
}

function list(
  name: string,
  findings: readonly Pick<SynthesisFinding, 'severity' | 'title' | 'file' | 'line'>[],
): string {
  if (findings.length === 0) return ''
  const lines = findings.slice(0, MAX_LISTED).map(({ severity, title, file, line }) => {
    const place = formatPlace({ file, line })
    return `- ${severity}: ${oneLine(title, 160)}${place === '' ? '' : ` in \`${place}\``}`
  })
  const more = findings.length - MAX_LISTED
  return `${name}:\n\n${lines.join('\n')}${more > 0 ? `\n- … and ${more} more` : ''}`
}
