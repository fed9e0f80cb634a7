import { type DryRun, TuttiError } from '../../client/index.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { describeOverlap, money, plural, thousands } from '../format.ts'
import type { PlanFile } from '../plan-file.ts'

/**
 * A dry run: what the plan would do, or what is wrong with it. @returns The exit code: 1 if it
 * would be rejected.
 */
export async function validate(
  { terminal, quick }: Context,
  file: PlanFile,
  { json }: { json: boolean },
): Promise<number> {
  try {
    const dryRun = await quick.plans.submit(file.plan, { dryRun: true })
    terminal.out(json ? JSON.stringify(dryRun, null, 2) : terminal.printable(describe(dryRun)))
    // A dry run only reports overlaps; a submission would be rejected.
    return dryRun.warnings.some(({ code }) => code === 'overlaps-rejected')
      ? EXIT.error
      : EXIT.succeeded
  } catch (error) {
    if (!json || !(error instanceof TuttiError) || error.problem === undefined) throw error
    terminal.out(JSON.stringify(error.problem, null, 2))
    return EXIT.error
  }
}

function describe({ tasks, waves, overlaps, warnings, advice, estimate }: DryRun): string {
  const { tokens, costUsd, relaxedCostUsd: relaxed, unpricedModels } = estimate
  const cost =
    costUsd === null
      ? `cost unknown${unpricedModels.length > 0 ? ` (no price of ${unpricedModels.join(', ')})` : ''}`
      : `${money(costUsd.low)} to ${money(costUsd.high)}`
  const half = relaxed ? `; if not urgent, ${money(relaxed.low)} to ${money(relaxed.high)}` : ''
  return [
    `${plural(tasks.length, 'task')} in ${plural(waves.length, 'wave')}`,
    ...waves.map((wave, index) => `  wave ${index + 1}: ${listOf(wave)}`),
    ...overlaps.map((overlap) => `overlap: ${describeOverlap(overlap)}`),
    ...warnings.map(({ message }) => `warning: ${message}`),
    ...advice.map(({ message }) => `advice: ${message}`),
    tokens.high === 0
      ? 'estimate: no model is called'
      : `estimate: ${thousands(tokens.low)} to ${thousands(tokens.high)} tokens, ${cost}${half}`,
  ].join('\n')
}

const MOST_IN_A_WAVE = 12

function listOf(ids: string[]): string {
  const more = ids.length - MOST_IN_A_WAVE
  return `${ids.slice(0, MOST_IN_A_WAVE).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
