import { test } from 'vitest'
import { explore } from './explore.ts'
import { orderly, sequences, shapes } from './sequences.ts'

// `SEED=… SEQUENCES=… vitest run test/model` repeats a run, or plays more.
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000)
const COUNT = Number(process.env.SEQUENCES ?? 400)

test(`plans live as their model does (SEED=${SEED})`, async () => {
  const shape = shapes(5)
  await explore({
    sequences: sequences(shape, orderly(shape)),
    count: COUNT,
    seed: SEED,
  })
}, 600_000)
