import type { ExportFormat, Synthesis, SynthesisRequest } from '../../client/index.ts'
import { CommandError } from '../command-error.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { plural } from '../format.ts'
import { withoutControls } from '../terminal.ts'

export interface SynthesizeOptions extends SynthesisRequest {
  json: boolean
  /** The version to show, instead of requesting another one. */
  show?: number | 'newest' | undefined
}

/** Writes the synthesis again, or shows a version. @returns The exit code. */
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
    terminal.out(terminal.markdown(summary))
    for (const note of notes) terminal.note(`note: ${withoutControls(note)}`)
    const missing = coverage.missing.length
    terminal.note(
      `version ${synthesis.version}, by ${synthesis.model ?? synthesis.executor}: ${plural(findings.length, 'finding')}, ${plural(conflicts.length, 'conflict')}${missing > 0 ? `, ${plural(missing, 'task')} missing` : ''}`,
    )
  }
  return synthesis.status === 'succeeded' ? EXIT.succeeded : EXIT.failed
}

/** Prints only a version's text, for a file or a pipe. @returns The exit code. */
export async function exportSynthesis(
  context: Context,
  planId: string,
  options: { format: ExportFormat; show: SynthesizeOptions['show']; strict: boolean },
): Promise<number> {
  const { terminal, quick } = context
  const { format, show = 'newest', strict } = options
  if (format === 'patch') return exportPatch(context, planId, { show, strict })
  if (strict) throw new CommandError('--strict is for --format patch.')
  const version = show === 'newest' ? undefined : show
  const text = await quick.syntheses.export(planId, format, { version })
  if (text !== '') terminal.out(terminal.printable(text))
  return EXIT.succeeded
}

/** What the patch lacks is reported separately: half of the work looks like all of it. */
async function exportPatch(
  { terminal, quick }: Context,
  planId: string,
  { show, strict }: { show: number | 'newest'; strict: boolean },
): Promise<number> {
  const { edits } =
    show === 'newest'
      ? await quick.syntheses.newest(planId)
      : await quick.syntheses.get(planId, show)
  const missing = edits === undefined ? await unmerged(quick, planId) : conflictsOf(edits)
  for (const line of missing) terminal.note(`not in the patch: ${withoutControls(line)}`)
  if (strict && missing.length > 0) {
    terminal.note('Nothing was printed, because of --strict.')
    return EXIT.conflict
  }
  const patch = edits?.patch ?? ''
  if (patch !== '') terminal.out(terminal.printable(patch))
  return EXIT.succeeded
}

function conflictsOf({ conflicts, merged }: NonNullable<Synthesis['edits']>): string[] {
  const isMerged = new Set(merged)
  return conflicts.map(({ path, tasks }) => {
    const left = tasks.filter((taskId) => !isMerged.has(taskId))
    const against = tasks.filter((taskId) => isMerged.has(taskId))
    const others = against.length === 0 ? '' : `, in conflict with ${against.join(', ')}`
    return `${path} of ${left.join(', ')}${others}`
  })
}

/** If nothing could be merged, there are no edits, but the plan has a reason. */
async function unmerged(tutti: Context['quick'], planId: string): Promise<string[]> {
  const { reason } = await tutti.plans.get(planId)
  return reason?.code === 'edits-not-merged' ? [reason.message] : []
}
