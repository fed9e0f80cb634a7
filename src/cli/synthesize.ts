import type { Synthesis, SynthesisRequest } from '../client/index.ts'
import type { Context } from './context.ts'
import { EXIT } from './exit-code.ts'
import { plural } from './format.ts'
import { withoutControls } from './terminal.ts'

export interface SynthesizeOptions extends SynthesisRequest {
  json: boolean
  /** The version to show, instead of asking for another one. */
  show?: number | 'newest' | undefined
}

/** Writes the synthesis again, or shows it. @returns The exit code. */
export async function synthesize(
  { terminal, patient, quick }: Context,
  planId: string,
  { json, show, ...request }: SynthesizeOptions,
): Promise<number> {
  let synthesis: Synthesis
  if (show !== undefined) {
    synthesis =
      show === 'newest'
        ? await quick.syntheses.newest(planId)
        : await quick.syntheses.get(planId, show)
  } else {
    const next = await quick.syntheses.create(planId, request)
    if (!json) terminal.note(`writing version ${next.version} …`)
    synthesis = await patient.syntheses.wait(planId, next.version)
  }
  if (json) {
    terminal.out(JSON.stringify(synthesis, null, 2))
  } else {
    const { summary, findings, conflicts, coverage, notes } = synthesis
    terminal.out(terminal.printable(summary))
    for (const note of notes) terminal.note(`note: ${withoutControls(note)}`)
    const missing = coverage.missing.length
    terminal.note(
      `version ${synthesis.version}, by ${synthesis.model ?? synthesis.executor}: ${plural(findings.length, 'finding')}, ${plural(conflicts.length, 'conflict')}${missing > 0 ? `, ${plural(missing, 'task')} missing` : ''}`,
    )
  }
  return synthesis.status === 'succeeded' ? EXIT.succeeded : EXIT.failed
}
