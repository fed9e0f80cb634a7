import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import type { RunScript } from './scripts.ts'

/**
 * Finishes what a script has left: tasks that end together end a few hundred at a time, so that
 * Redis can answer others in between. Returns the released units.
 */
export async function settleTasks(
  { run, space }: { run: RunScript; space: KeySpace },
  planId: string,
): Promise<number[]> {
  const released: number[] = []
  while (true) {
    const [some, unsettled] = (await run(
      'settle-tasks',
      planKey(space, planId),
      shardKey(space, shardOf(planId)),
    )) as [(string | number)[], number]
    for (const unit of some) released.push(Number(unit))
    if (unsettled === 0) return released
  }
}
