import { test } from 'vitest'
import { replay } from './explore.ts'

// Sequences that the service once got wrong, made shorter.

test('a task that is cancelled in the pause before its next attempt does not hold up its plan', async () => {
  await replay([
    { do: 'submit', plan: 'p', shape: { tasks: [{}], synthesis: true }, keyed: false },
    { do: 'end', nth: 0, how: 'fails for now' },
    { do: 'cancel task', plan: 'p', task: 0 },
  ])
})

test('a task that the budget stops in the pause before its next attempt does not hold up its plan', async () => {
  await replay([
    {
      do: 'submit',
      plan: 'p',
      shape: { tasks: [{}, { costUsd: 1 }], budgetUsd: 1, synthesis: true },
      keyed: false,
    },
    { do: 'end', nth: 0, how: 'fails for now' },
    { do: 'end', nth: 0, how: 'succeeds' },
  ])
})

test('a plan that its budget stopped can still be cancelled', async () => {
  const tasks = [{ costUsd: 1 }, {}, {}]
  const shape = { tasks, maxConcurrency: 2, budgetUsd: 1, synthesis: true }
  await replay([
    { do: 'submit', plan: 'p', shape, keyed: false },
    { do: 'end', nth: 0, how: 'succeeds' },
    { do: 'cancel', plan: 'p' },
  ])
})

test('a task that runs out of time as another one aborts the plan has not been skipped', async () => {
  const tasks = [{}, { after: [0], attempts: 1 }, {}, {}, { after: [0] }]
  await replay([
    {
      do: 'submit',
      plan: 'p',
      shape: { tasks, maxConcurrency: 2, abort: true, synthesis: false },
      keyed: false,
    },
    { do: 'end', nth: 0, how: 'succeeds' },
    { do: 'pass time' },
  ])
})
