import type { ExportFormat, Synthesis, SynthesisRequest } from '../client/index.ts'
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

/** Prints a version as text and nothing else, to be kept in a file or piped on. */
export async function exportSynthesis(
  { terminal, quick }: Context,
  planId: string,
  { format, show = 'newest' }: { format: ExportFormat; show: SynthesizeOptions['show'] },
): Promise<number> {
  const version = show === 'newest' ? undefined : show
  const text = await quick.syntheses.export(planId, format, { version })
  if (text !== '') terminal.out(terminal.printable(text))
  return EXIT.succeeded
}
