import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addUsage, NO_USAGE } from '../../../src/core/usage.ts'
import { localPrefixGate } from '../../../src/executors/model/calls/prefix-gate.ts'
import { modelExecutor } from '../../../src/executors/model/executor.ts'
import { type CachingProvider, cachingProvider } from './caching-provider.ts'
import { aContext, aRequest } from './scripted-provider.ts'

let provider: CachingProvider
let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tutti-agent-'))
  provider = await cachingProvider('Done.')
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

test('eight tasks at once with 20,000 shared tokens pay for the prefix once', async () => {
  const model = executor()
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, (_, index) =>
      model.execute(
        aRequest({}, { taskId: `task-${index}`, sharedContext: LONG, prompt: `Part ${index}.` }),
        aContext(),
      ),
    ),
  )
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
  const gate = localPrefixGate()
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
  const gate = localPrefixGate()
  await gate.enter('p', new AbortController().signal)
  const controller = new AbortController()
  const waiting = gate.enter('p', controller.signal)
  controller.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
})

test('a prefix that has grown cold is sent ahead again', async () => {
  let now = 0
  const gate = localPrefixGate(() => now)
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
