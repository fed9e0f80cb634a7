import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import { changePlans } from '../../../src/core/change/change-plans.ts'
import { changeTasks } from '../../../src/core/change/change-tasks.ts'
import { PermanentError } from '../../../src/core/contract/errors.ts'
import type { Finding } from '../../../src/core/contract/findings.ts'
import type { Synthesis } from '../../../src/core/contract/synthesis.ts'
import { finalSynthesisJobId } from '../../../src/core/ports/queue.ts'
import type { Workspaces } from '../../../src/core/ports/workspaces.ts'
import { planFiles } from '../../../src/core/run/plan-files.ts'
import { runningTasks } from '../../../src/core/run/running-tasks.ts'
import { submitPlan } from '../../../src/core/submit/submit-plan.ts'
import {
  type SynthesizeDeps,
  synthesizePlan,
} from '../../../src/core/synthesize/synthesize-plan.ts'
import { loadConfig } from '../../../src/main/config.ts'
import { openReading, type Reading } from '../../../src/main/open/open-reading.ts'
import { openWorkspaces } from '../../../src/main/open/open-workspaces.ts'
import { echoPlan, openUseCases, type UseCases } from '../../support/use-cases.ts'

const TENANT = 'default'
const log = pino({ level: 'silent' })
const signal = new AbortController().signal
let service: UseCases
let dataDir: string
let workspaces: Workspaces
let reading: Reading

beforeEach(async () => {
  service = await openUseCases(inject('redisUrl'))
  dataDir = await mkdtemp(join(tmpdir(), 'tutti-synthesis-'))
  workspaces = openWorkspaces(loadConfig({ TUTTI_DATA_DIR: dataDir }), process.env, log)
  reading = openReading(log)
})

afterEach(async () => {
  await reading.close()
  await service.close()
  await rm(dataDir, { recursive: true, force: true })
})

function deps(more: Partial<SynthesizeDeps> = {}): SynthesizeDeps {
  return {
    ...service.stores,
    queue: service.queue,
    workspaces,
    allowanceOf: () => undefined,
    merging: reading.merging,
    writing: runningTasks(),
    model: undefined,
    resolver: undefined,
    verifier: undefined,
    now: async () => Date.now(),
    pause: async () => {},
    onFault: (error) => service.faults.push(error),
    ...more,
  }
}

async function submit(tasks: Record<string, string[]>, rest: object = {}): Promise<string> {
  const body = echoPlan(tasks, rest)
  const { record } = await submitPlan(
    { ...service.submitting, modelAvailable: true },
    {
      tenant: TENANT,
      body,
      idempotencyKey: undefined,
    },
  )
  return record.spec.id
}

async function begin(planId: string, taskId: string, unit: number, findings: Finding[] = []) {
  const { life } = service.stores
  const token = `${taskId}-${unit}`
  const begun = await life.begin({ planId, taskId, token, unit, round: 0, delivery: 1 })
  if (begun.status !== 'begun') throw new Error(`${taskId} is ${begun.status}`)
  return () =>
    life.end({
      planId,
      taskId,
      token,
      attempt: begun.attempt,
      status: 'succeeded',
      outcome: 'succeeded',
      spends: true,
      output: { text: taskId, findings },
    })
}

async function run(planId: string, taskId: string, unit: number): Promise<void> {
  await (await begin(planId, taskId, unit))()
}

const plan = async (planId: string) => {
  const record = await service.stores.plans.get(planId)
  if (record === undefined) throw new Error('the plan is gone')
  return record
}
const final = (planId: string, batch = 0) => ({
  planId,
  jobId: finalSynthesisJobId(planId, batch),
  kind: 'final' as const,
})
const onTheWay = (planId: string) => ({
  planId,
  jobId: `${planId}-p1`,
  kind: 'preliminary' as const,
})

test('the synthesis that finishes a plan leaves the folder of a task that a retry has begun', async () => {
  const planId = await submit(
    { a: [] },
    { synthesis: false, workspace: { files: { 'a.txt': 'a' } } },
  )
  await run(planId, 'a', 0)
  const open = async () => {
    const files = await planFiles(service.stores.plans, await plan(planId))
    if (files === undefined) throw new Error('the plan has no files')
    const task = { taskId: 'a', isolated: true, writes: ['**'], after: [] }
    return workspaces.open(files, task, signal)
  }
  const first = await open()
  await first.close()
  let opened: Awaited<ReturnType<typeof open>> | undefined
  const finish: SynthesizeDeps['syntheses']['finish'] = async (...args) => {
    const stored = await service.stores.syntheses.finish(...args)
    // Before the folder is cleared away.
    await changeTasks(service.changing).retry(TENANT, planId, 'a')
    await begin(planId, 'a', 1)
    opened = await open()
    return stored
  }
  const syntheses = { ...service.stores.syntheses, finish }
  expect(await synthesizePlan(deps({ syntheses }), final(planId), signal)).toBe('done')
  await access(join(opened?.workspace.root ?? '', 'a.txt'))
  expect(await opened?.collectEdits()).toEqual({ edits: undefined, problem: undefined })
})

test('a preliminary version that is written when the plan has finished is not the newest', async () => {
  const planId = await submit({ a: [], b: [] }, { synthesis: { executor: 'merge', every: 1 } })
  await run(planId, 'a', 0)
  let release = () => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  let reached = () => {}
  const isThere = new Promise<void>((resolve) => {
    reached = resolve
  })
  const finish: SynthesizeDeps['syntheses']['finish'] = async (...args) => {
    reached()
    await held
    return service.stores.syntheses.finish(...args)
  }
  const slow = deps({ syntheses: { ...service.stores.syntheses, finish } })
  const preliminary = synthesizePlan(slow, onTheWay(planId), signal)
  await isThere
  await changePlans(service.changing).cancel(TENANT, planId)
  expect(await plan(planId)).toMatchObject({ outcome: 'cancelled', synthesis: { version: 0 } })
  release()
  await preliminary
  expect((await plan(planId)).synthesis).toMatchObject({ version: 0, status: 'running' })
  await synthesizePlan(deps(), final(planId), signal)
  expect((await plan(planId)).synthesis).toMatchObject({ version: 2, status: 'succeeded' })
  expect(await service.stores.syntheses.versions(planId)).toEqual([1, 2])
})

test('a preliminary version is not begun once nothing is left to run', async () => {
  const planId = await submit({ a: [], b: [] }, { synthesis: { executor: 'merge', every: 1 } })
  await run(planId, 'a', 0)
  await run(planId, 'b', 0)
  await synthesizePlan(deps(), onTheWay(planId), signal)
  expect((await plan(planId)).synthesis.version).toBe(0)
  await synthesizePlan(deps(), final(planId), signal)
  expect((await plan(planId)).synthesis.version).toBe(1)
  expect((await plan(planId)).outcome).toBe('succeeded')
})

test('a process that is to end gives back a synthesis in the middle of its votes, with nothing stored', async () => {
  const planId = await submit(
    { a: [] },
    {
      synthesis: { executor: 'merge' },
      policy: { verify: {} },
      workspace: { files: { 'a.ts': 'eval(x)\n' } },
    },
  )
  const found = { title: 'Eval', severity: 'high', confidence: 0.9, file: 'a.ts', line: 1 } as const
  await (await begin(planId, 'a', 0, [found]))()
  const ending = new AbortController()
  let calls = 0
  const verifier: SynthesizeDeps['verifier'] = async (_claim, { signal: aborted }) => {
    calls += 1
    ending.abort()
    aborted.throwIfAborted()
    return { verdict: 'confirmed', reason: '' }
  }
  expect(await synthesizePlan(deps({ verifier }), final(planId), ending.signal)).toBe('give-back')
  expect(calls).toBe(1)
  expect((await plan(planId)).synthesis.version).toBe(0)
  expect(await synthesizePlan(deps({ verifier }), final(planId), signal)).toBe('done')
  expect(calls).toBe(3)
  expect((await plan(planId)).outcome).toBe('succeeded')
})

test('results that cannot be merged in time are left out of their version, and the next one has them', async () => {
  const planId = await submit({ a: [] }, { synthesis: { executor: 'merge' } })
  await run(planId, 'a', 0)
  let times = 0
  const settle: SynthesizeDeps['merging']['settle'] = async (settling) => {
    times += 1
    if (times === 1) throw new PermanentError('merge-timeout', 'It took too long.')
    return reading.merging.settle(settling)
  }
  await synthesizePlan(deps({ merging: { ...reading.merging, settle } }), final(planId), signal)
  expect(await plan(planId)).toMatchObject({ outcome: 'succeeded', synthesis: { version: 1 } })
  const again = { planId, jobId: `${planId}-again`, kind: 'again' as const }
  await synthesizePlan(deps(), again, signal)
  const { syntheses } = service.stores
  expect(await syntheses.versions(planId)).toEqual([1, 2])
  const notesOf = async (version: number) => {
    const pieces = await syntheses.get(planId, version)
    if (pieces === undefined) throw new Error(`there is no version ${version}`)
    const json = Buffer.concat(await Array.fromAsync(pieces)).toString()
    return (JSON.parse(json) as Synthesis).notes.join()
  }
  expect(await notesOf(1)).toContain('merge-timeout')
  expect(await notesOf(2)).not.toContain('merge-timeout')
})

test('findings are compared with those of the plan that the synthesis names', async () => {
  const finding = (title: string, file: string, line: number): Finding => ({
    title,
    severity: 'high',
    confidence: 0.9,
    file,
    line,
    detail: title,
  })
  const runWith = async (compareWith: object, a: Finding[], b?: Finding[]) => {
    const planId = await submit(
      { a: [], b: [] },
      { synthesis: { executor: 'merge', ...compareWith }, policy: { minSuccess: 1 } },
    )
    await (await begin(planId, 'a', 0, a))()
    if (b === undefined) await changeTasks(service.changing).cancel(TENANT, planId, 'b')
    else await (await begin(planId, 'b', 1, b))()
    await synthesizePlan(deps(), final(planId), signal)
    return planId
  }
  const synthesisOf = async (planId: string): Promise<Synthesis> => {
    let json = ''
    for await (const piece of (await service.stores.syntheses.get(planId, 1)) ?? [])
      json += Buffer.from(piece).toString()
    return JSON.parse(json)
  }
  const sql = finding('SQL built from text', 'src/db.ts', 10)
  const secret = finding('Password in the code', 'src/auth.ts', 3)
  const loop = finding('A query for each row', 'src/list.ts', 7)
  const first = await runWith({}, [sql, secret], [loop])
  expect((await synthesisOf(first)).previous).toBeUndefined()

  const second = await synthesisOf(
    await runWith({ compareWith: first }, [
      { ...sql, line: 40 },
      finding('Endless retry', 'src/mail.ts', 1),
    ]),
  )
  const of = (title: string) => second.findings.find((each) => each.title === title)?.change
  expect(of('SQL built from text')).toMatchObject({ kind: 'still' })
  expect(of('Endless retry')).toEqual({ kind: 'new' })
  // Nobody looked for what `b` had found.
  expect(second.previous).toMatchObject({
    planId: first,
    fixed: [{ title: 'Password in the code' }],
    unchecked: [{ title: 'A query for each row' }],
  })
  expect(second.summary).toContain('1 new finding, 1 that is still there and 1 fixed.')
  await expect(submit({ a: [] }, { synthesis: { compareWith: 'none' } })).rejects.toThrow(
    '/synthesis/compareWith is not the id of a plan',
  )
})
