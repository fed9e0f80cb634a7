import { test } from 'vitest'
import { explore } from './explore.ts'
import { MIXTURES, type Mixture, PLAYED } from './sequences.ts'

/** A file of tests for each mixture, so that they run side by side. */
export function testMixture(mixture: Mixture): void {
  const seed = Number(process.env.SEED ?? PLAYED[mixture].seed)
  const count = Number(process.env.SEQUENCES ?? PLAYED[mixture].count)
  test(`plans live as their model does: ${mixture} (SEED=${seed})`, async () => {
    await explore({ sequences: MIXTURES[mixture], count, seed })
  }, 3_600_000)
}
