import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addUsage, NO_USAGE } from '../../../../src/core/contract/usage.ts'
import { prefixGate } from '../../../../src/core/model-gate/prefix-gate.ts'
import { modelExecutor } from '../../../../src/executors/model/executor.ts'
import { type CachingProvider, cachingProvider } from '../../../support/caching-provider.ts'
import { aContext, aRequest } from '../../requests.ts'

let provider: CachingProvider
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  provider = await cachingProvider('Done.', 20)
})
afterEach(async () => {
  await provider.stop()
  await rm(root, { recursive: true, force: true })
})

/** About 20,000 tokens. */
const LONG = 'All tasks of the plan must know this. '.repeat(2_100)

function executor() {
  return modelExecutor({
    providers: { anthropicApiKey: 'key', anthropicBaseUrl: provider.url },
    defaultModel: 'anthropic:claude-sonnet-4-5',
  })
}

test('tasks of one plan send one prefix, byte for byte, up to one breakpoint', async () => {
  const model = executor()
  const workspace = { root, writable: false }
  for (const [role, prompt] of [
    ['Security', 'Find holes.'],
    ['Tester', 'Find gaps.'],
  ] as const) {
    const request = aRequest({ role }, { sharedContext: LONG, prompt, workspace })
    await model.execute(request, aContext())
  }
  const [first, second] = provider.calls
  expect(first?.breakpoints).toBe(1)
  expect(first?.prefix).toContain('All tasks of the plan must know this.')
  expect(first?.prefix).not.toContain('Find holes.')
  expect(second?.prefix).toBe(first?.prefix)
  expect(second?.written).toBe(0)
})

test('eight parallel tasks with 20,000 shared tokens pay for the prefix once', async () => {
  const model = executor()
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      model.execute(
        aRequest({}, { taskId: `task-${index}`, sharedContext: LONG, prompt: `Part ${index}.` }),
        aContext(),
      ),
    ),
  )
  expect(provider.coldUnits()).toBeGreaterThan(195_000)
  expect(provider.units()).toBeLessThan(45_000)
  expect(provider.calls.filter(({ written }) => written > 0)).toHaveLength(1)
  const usage = outcomes.map((outcome) => outcome.usage).reduce(addUsage, NO_USAGE)
  expect(usage.cacheReadTokens).toBe(provider.calls.reduce((sum, { read }) => sum + read, 0))
  expect(usage.cacheWriteTokens).toBe(provider.calls.reduce((sum, call) => sum + call.written, 0))
  // What is read costs a tenth: far less than eight prompts of 20,000 tokens at 3 dollars a million.
  expect(usage.costUsd).toBeGreaterThan(0.05)
  expect(usage.costUsd).toBeLessThan(0.15)
})

test('a short shared context is not worth a breakpoint', async () => {
  await executor().execute(aRequest({}, { sharedContext: 'Be kind.' }), aContext())
  expect(provider.calls[0]?.breakpoints).toBe(0)
})

test('whoever waits for a prefix goes ahead when the one before gives up', async () => {
  const gate = prefixGate({ now: Date.now })
  const { signal } = new AbortController()
  const first = await gate.enter('p', signal)
  const order: string[] = []
  const second = gate.enter('p', signal).then((turn) => {
    order.push('second')
    return turn
  })
  const third = gate.enter('p', signal).then(() => order.push('third'))
  first.giveUp()
  const turn = await second
  expect(order).toEqual(['second'])
  turn.warm()
  await third
  await gate.enter('p', signal)
})

test('waiting for a prefix ends with an abort', async () => {
  const gate = prefixGate({ now: Date.now })
  await gate.enter('p', new AbortController().signal)
  const controller = new AbortController()
  const waiting = gate.enter('p', controller.signal)
  controller.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
})

test('a prefix that has grown cold is sent ahead again', async () => {
  let now = 0
  const gate = prefixGate({ now: () => now })
  const { signal } = new AbortController()
  const first = await gate.enter('p', signal)
  first.warm()
  await gate.enter('p', signal)
  now += 10 * 60_000
  const again = await gate.enter('p', signal)
  let entered = false
  const waiting = gate.enter('p', signal).then((turn) => {
    entered = true
    return turn
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(entered).toBe(false)
  again.warm()
  await waiting
})

test('time in which the one ahead waits for its own turn costs nobody patience', async () => {
  let now = 0
  const gate = prefixGate({ now: () => now })
  const { signal } = new AbortController()
  const first = await gate.enter('p', signal)
  let entered = 0
  const others = [1, 2].map(() => gate.enter('p', signal).then(() => (entered += 1)))
  now += 10 * 60_000
  first.began()
  await new Promise((resolve) => setImmediate(resolve))
  expect(entered).toBe(0)
  first.warm()
  await Promise.all(others)
})

test('tasks that differ in what comes before the shared text send one ahead each', async () => {
  const model = executor()
  const workspace = { root, writable: false }
  await Promise.all(
    [{}, { tools: ['read'] }, { tools: ['read', 'grep'] }].flatMap((spec) =>
      [1, 2, 3].map((part) =>
        model.execute(
          aRequest(spec, { sharedContext: LONG, prompt: `Part ${part}.`, workspace }),
          aContext(),
        ),
      ),
    ),
  )
  const written = provider.calls.filter((call) => call.written > 0)
  expect(new Set(written.map(({ prefix }) => prefix)).size).toBe(3)
  expect(written).toHaveLength(3)
})

test('a local server is not waited for', async () => {
  const gate = prefixGate({ now: Date.now })
  const taken = await gate.enter('p', new AbortController().signal)
  let entered = 0
  const executor = modelExecutor({
    providers: { localBaseUrl: `${provider.url}/v1` },
    defaultModel: 'local:x',
    prefixes: {
      enter(key, signal) {
        entered += 1
        return gate.enter(key, signal)
      },
    },
  })
  await executor.execute(aRequest({}, { sharedContext: LONG }), aContext()).catch(() => undefined)
  expect(entered).toBe(0)
  taken.giveUp()
})
