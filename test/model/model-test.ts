import { test } from 'vitest'
import { explore } from './explore.ts'
import { MIXTURES, type Mixture } from './sequences.ts'

// `SEED=… SEQUENCES=… vitest run test/model` repeats a run, or plays more.
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const COUNT = Number(process.env.SEQUENCES ?? 500)

/** A file of tests for each mixture, so that they run side by side. */
export function testMixture(mixture: Mixture): void {
  test(`plans live as their model does: ${mixture} (SEED=${SEED})`, async () => {
    await explore({ sequences: MIXTURES[mixture], count: COUNT, seed: SEED })
  }, 3_600_000)
}
