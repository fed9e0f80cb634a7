import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { type Agents, agentTask, type Kill, openAgents, PHASES } from './mortal-workers.ts'
import type { Said } from './stepping-provider.ts'

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

let agents: Agents

beforeAll(async () => {
  agents = await openAgents(inject('redisUrl'), SCRIPT)
})

afterAll(() => agents.close())

/** Runs a plan of one task to its end, each worker dying in its turn. */
async function played(kills: readonly Kill[]) {
  const { units, provider } = agents
  const from = provider.calls.length
  const plan = await units.aPlan([agentTask({ files: { write: ['**'] } })], { files: FILES })
  const workers = []
  let delivery = 1
  for (const kill of [...kills, undefined]) {
    const worker = agents.aWorker(kill)
    workers.push(worker)
    const running = worker.run(plan.units[0], delivery)
    await Promise.race([running, worker.death])
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
  const { steps } = await agents.units.steps.read(plan.id, 'work', 0, 100)
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
const RUNS = Number(process.env.RUNS ?? 2)
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
