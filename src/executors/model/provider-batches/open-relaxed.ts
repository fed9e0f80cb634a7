import type { ResolvedSetup } from '../call-settings.ts'
import type { RelaxedCalls } from '../calls/relaxed.ts'
import type { Relaxed } from './lane.ts'

/** The calls of one task or job, if they may take hours; its code is loaded only then. */
export async function openRelaxed(
  { batches: lane, providers }: Pick<ResolvedSetup, 'batches' | 'providers'>,
  relaxed: Omit<Relaxed, 'lane'> | undefined,
): Promise<RelaxedCalls | undefined> {
  if (lane === undefined || relaxed === undefined) return undefined
  const { relaxedCalls } = await import('./relaxed-calls.ts')
  return relaxedCalls({ ...relaxed, lane }, providers)
}
