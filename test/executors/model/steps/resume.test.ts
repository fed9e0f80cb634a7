import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { StepStore } from '../../../../src/core/ports/step-store.ts'
import type { TaskLife } from '../../../../src/core/ports/task-life.ts'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import { workspaces } from '../../../../src/workspace/workspaces.ts'
import { openUnits } from '../../../support/units.ts'
import { type Said, type SteppingProvider, steppingProvider } from './stepping-provider.ts'

// Workers that die in the middle of a task, in this process: whatever they ask of the store from then
// on is never answered, as little as the call that they wait for.

const FILES = { 'a.txt': 'one\ntwo\n', 'docs/b.txt': 'three\n' }
const SCRIPT: Said[] = [
  { text: 'I look around.', calls: [['list', {}]] },
  { calls: [['read', { path: 'a.txt' }]] },
  { text: 'I begin.', calls: [['write', { path: 'out/one.txt', content: 'first\n' }]] },
  {
    calls: [
      ['read', { path: 'docs/b.txt' }],
      ['read', { path: 'missing.txt' }],
    ],
  },
  { calls: [['edit', { path: 'a.txt', oldText: 'two', newText: 'zwei' }]] },
  { calls: [['report_findings', { findings: [{ title: 'A finding', severity: 'low' }] }]] },
  { calls: [['read', { file: 'a.txt' }]] },
  { calls: [['delete', { path: 'docs/b.txt' }]] },
  { calls: [['grep', { pattern: 'zwei' }]] },
  { calls: [['edit', { path: 'a.txt', oldText: 'zwei', newText: 'two' }]] },
  { text: 'Nearly there.', calls: [['write', { path: 'out/two.txt', content: 'second\n' }]] },
  { text: 'All is done.' },
]
const WORK = SCRIPT.length

let units: Awaited<ReturnType<typeof openUnits>>
let provider: SteppingProvider
let dataDir: string

beforeAll(async () => {
  units = await openUnits(inject('redisUrl'))
  provider = await steppingProvider(SCRIPT)
  dataDir = await mkdtemp(join(tmpdir(), 'tutti-steps-'))
})

afterAll(async () => {
  await provider.close()
  await units.close()
  await rm(dataDir, { recursive: true, force: true })
})

const PHASES = ['before the call', 'in the stream', 'during a tool', 'during the store'] as const
type Phase = (typeof PHASES)[number]
interface Kill {
  step: number
  phase: Phase
  /** Of a kill during the store: whether the step had reached it. */
  isStored: boolean
}

const never = new Promise<never>(() => {})

/** A worker that dies where `kill` says. */
function aMortal(kill: Kill | undefined) {
  let die: () => void = () => {}
  const death = new Promise<void>((resolve) => {
    die = resolve
  })
  let isDead = false
  const end = () => {
    isDead = true
    die()
    return never
  }
  provider.hook = async (step, phase) => {
    if (isDead || kill?.step !== step) return
    if (kill.phase === 'before the call' && phase === 'come') await end()
    if (kill.phase === 'in the stream' && phase === 'half') await end()
  }
  const steps: StepStore = {
    ...units.steps,
    resume: (...args) => (isDead ? never : units.steps.resume(...args)),
    async keep(keeper, step) {
      if (isDead) return never
      const isHere = kill?.step === step.number
      const isDone = step.isComplete
      if (isHere && kill.phase === 'during a tool') {
        await units.steps.keep(keeper, step)
        return end()
      }
      if (isHere && kill.phase === 'during the store' && isDone) {
        if (kill.isStored) await units.steps.keep(keeper, step)
        return end()
      }
      return units.steps.keep(keeper, step)
    },
  }
  const life: TaskLife = {
    ...units.life,
    end: (attempt) => (isDead ? never : units.life.end(attempt)),
  }
  const worker = units.aWorker({
    life,
    steps,
    executor: modelExecutor({
      providers: { localBaseUrl: provider.url },
      defaultModel: 'local:m',
    }),
    workspaces: workspaces({ dataDir, roots: [], gitHosts: [] }),
  })
  return { worker, death }
}

const aTask = (rest: object = {}) => ({
  id: 'work',
  executor: 'model',
  prompt: 'Work, and report findings.',
  files: { write: ['**'] },
  ...rest,
})

/** Runs a plan of one task to its end, each worker dying in its turn. */
async function played(kills: readonly Kill[]) {
  const from = provider.calls.length
  const plan = await units.aPlan([aTask()], { files: FILES })
  const workers = []
  let delivery = 1
  for (const kill of [...kills, undefined]) {
    const { worker, death } = aMortal(kill)
    workers.push(worker)
    const running = worker.run(plan.units[0], delivery)
    await Promise.race([running, death])
    delivery += 1
    const state = await plan.state('work')
    if (state.status !== 'running') break
  }
  for (const worker of workers) worker.lost.abort()
  const [output] = await units.tasks.outputs(plan.id, ['work'])
  const state = await plan.state('work')
  return { plan, output, state, calls: provider.calls.slice(from) }
}

/** The messages of every call are those of the call before, with more behind them. */
function expectOnePrefix(calls: readonly { step: number; body: string }[]) {
  const longest = new Map<number, string>()
  for (const { step, body } of calls) {
    const same = longest.get(step)
    if (same === undefined) longest.set(step, body)
    else expect(body).toBe(same)
  }
  const inOrder = [...longest].sort(([a], [b]) => a - b)
  for (const [index, [, body]] of inOrder.entries()) {
    const next = inOrder[index + 1]?.[1]
    const upTo = body.indexOf('],"tools"') > 0 ? body.indexOf('],"tools"') : body.lastIndexOf(']')
    if (next !== undefined) expect(next.startsWith(body.slice(0, upTo))).toBe(true)
  }
}

let undisturbed: Awaited<ReturnType<typeof played>>

beforeAll(async () => {
  undisturbed = await played([])
  expect(undisturbed.state).toMatchObject({ status: 'succeeded' })
  expect(undisturbed.calls).toHaveLength(WORK)
})

async function expectTheSame(kills: readonly Kill[]) {
  const { plan, output, state, calls } = await played(kills)
  expect(state.status).toBe('succeeded')
  expect(output).toEqual(undisturbed.output)
  expect(state.usage).toEqual(undisturbed.state.usage)
  expect(calls.length).toBeLessThanOrEqual(WORK + kills.length)
  expectOnePrefix([...undisturbed.calls, ...calls])
  const { steps } = await units.steps.read(plan.id, 'work', 0, 100)
  expect(steps.map(({ number }) => number)).toEqual(Array.from({ length: WORK }, (_, at) => at + 1))
  return { plan, calls }
}

describe('a worker that dies costs at most the call that was under way', () => {
  test.each(
    SCRIPT.map(
      (_, index) =>
        ({ step: index + 1, phase: PHASES[index % 4], isStored: index % 8 > 3 }) as Kill,
    ),
  )('at step $step, $phase', async (kill) => {
    const { plan } = await expectTheSame([kill])
    const [first, second] = await plan.attempts('work')
    expect(first?.outcome).toBe('lost')
    const isLastKept = kill.phase === 'during a tool' || kill.phase === 'during the store'
    const isKept =
      isLastKept && (kill.isStored || kill.step < WORK || kill.phase === 'during a tool')
    const resumedFrom = isKept ? kill.step : kill.step - 1
    expect(second?.resumedFromStep).toBe(resumedFrom === 0 ? undefined : resumedFrom)
  })
})

/** The same numbers every time (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** More with `RUNS=200`. */
const RUNS = Number(process.env.RUNS ?? 4)
const SEED = Number(process.env.SEED ?? 1)

test.each(Array.from({ length: RUNS }, (_, run) => SEED + run))(
  'workers that die at random cost at most one call each (seed %i)',
  { timeout: 60_000 },
  async (seed) => {
    const random = randomFrom(seed)
    const below = (most: number) => Math.floor(random() * most)
    const kills = Array.from(
      { length: 1 + below(6) },
      (): Kill => ({
        step: 1 + below(WORK),
        phase: PHASES[below(PHASES.length)] ?? 'in the stream',
        isStored: below(2) === 0,
      }),
    )
    await expectTheSame(kills.sort((one, other) => one.step - other.step))
  },
)
