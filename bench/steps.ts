import { randomUUID } from 'node:crypto'
import { NO_USAGE } from '../src/core/contract/usage.ts'
import type { StepKeeper } from '../src/core/ports/step-store.ts'
import { NO_FOLDER } from '../src/core/run/attempt-folder.ts'
import { stepLog } from '../src/core/run/step-log.ts'
import { startRedisServer } from '../test/support/redis-server.ts'
import { openUnits } from '../test/support/units.ts'
import { machine, percentile, table } from './figures.ts'

// What it costs a worker to store an agent's step, and to continue from it, by the length of the
// conversation: 20 steps, each with an answer and the result of one tool. `node bench/steps.ts`.

const STEPS = 20
const CONVERSATIONS = 50

const redis = await startRedisServer(['--appendonly', 'yes', '--appendfsync', 'everysec'])
const units = await openUnits(redis.url)

async function begin(planId: string): Promise<StepKeeper> {
  const token = randomUUID()
  const asked = { planId, taskId: 'work', token, unit: 0, round: 0, delivery: 1 }
  const begun = await units.life.begin(asked)
  if (begun.status !== 'begun') throw new Error(`the task is ${begun.status}`)
  return { planId, taskId: 'work', attempt: begun.attempt, token }
}

const logOf = (keeper: StepKeeper) =>
  stepLog({
    store: units.steps,
    keeper,
    folder: () => NO_FOLDER,
    signal: new AbortController().signal,
    stopping: new AbortController().signal,
    usage: () => NO_USAGE,
    onResumed: () => {},
    onFault: (error) => {
      throw error
    },
  })

async function timed(into: number[], work: () => Promise<unknown>): Promise<void> {
  const startedAt = performance.now()
  await work()
  into.push(performance.now() - startedAt)
}

try {
  const rows: string[][] = []
  for (const [name, bytes] of [
    ['10 KB', 10_000],
    ['1 MB', 1_000_000],
  ] as const) {
    const result = 'a line of some file\n'.repeat(bytes / STEPS / 20)
    const answers: number[] = []
    const results: number[] = []
    const resumes: number[] = []
    for (let at = 0; at < CONVERSATIONS; at += 1) {
      const plan = await units.aPlan([{ id: 'work' }])
      const log = logOf(await begin(plan.id))
      await log.resume('bench', { anew: false })
      for (let step = 1; step <= STEPS; step += 1) {
        const parts = [{ type: 'tool-call', toolCallId: `${step}`, toolName: 'read', input: '{}' }]
        const answer = { model: 'local:m', parts, usage: NO_USAGE }
        await timed(answers, () => log.keepAnswer(answer, { ms: 1, isLast: false }))
        const said = [{ id: `${step}`, result }]
        await timed(results, () => log.keepResults(said, { changedFiles: false }))
      }
      const next = logOf(await begin(plan.id))
      await timed(resumes, () => next.resume('bench', { anew: false }))
      await units.plans.delete(plan.id, 'default')
    }
    const ms = (values: number[], percent: number) => percentile(values, percent).toFixed(2)
    for (const [what, values] of [
      ['an answer', answers],
      ['the results of its tools', results],
      ['to resume', resumes],
    ] as const) {
      rows.push([`${name}: ${what}`, ms(values, 50), ms(values, 99)])
    }
  }
  console.log(`${machine()}\n`)
  console.log(table(['conversation', 'p50 (ms)', 'p99 (ms)'], rows))
} finally {
  await units.close()
  await redis.stop()
}
