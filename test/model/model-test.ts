import { test } from 'vitest'
import { explore } from './explore.ts'
import { MIXTURES, type Mixture } from './sequences.ts'

// The suite plays the same sequences each time, so that a change is what makes it fail. New ones are
// drawn by `script/soak`, and by `SEED=… SEQUENCES=… vitest run test/model`.
const SEEDS: Record<Mixture, number> = {
  'one command after another': 101,
  'two commands at the same moment': 102,
  'workers that end, die and come': 268_695,
  'money, priorities, lanes and time': 267_042,
}
const COUNT = Number(process.env.SEQUENCES ?? 500)

/** A file of tests for each mixture, so that they run side by side. */
export function testMixture(mixture: Mixture): void {
  const seed = Number(process.env.SEED ?? SEEDS[mixture])
  test(`plans live as their model does: ${mixture} (SEED=${seed})`, async () => {
    await explore({ sequences: MIXTURES[mixture], count: COUNT, seed })
  }, 3_600_000)
}
