import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { CallOutcome, ModelGate } from '../../../src/core/model-gate/gate.ts'
import { aContext, aRequest } from '../requests.ts'
import { aFolder, anAgent, DONE, run } from './an-agent.ts'
import { answer, failedCall, retry, type Step } from './stand-in.ts'

test.each<[number | null, string, string, string, object?]>([
  [429, 'rate_limit', 'TransientError', 'provider-rate-limited'],
  [529, 'server_error', 'TransientError', 'provider-overloaded'],
  [500, 'server_error', 'TransientError', 'provider-error'],
  [null, 'server_error', 'TransientError', 'provider-unreachable'],
  [null, 'rate_limit', 'TransientError', 'provider-rate-limited'],
  [401, 'authentication_failed', 'PermanentError', 'provider-unauthorized'],
  [null, 'authentication_failed', 'PermanentError', 'provider-unauthorized'],
  [403, 'authentication_failed', 'PermanentError', 'provider-forbidden'],
  [404, 'model_not_found', 'PermanentError', 'model-not-found'],
  [null, 'billing_error', 'PermanentError', 'provider-quota'],
  [400, 'invalid_request', 'PermanentError', 'provider-rejected'],
  [
    400,
    'invalid_request',
    'PermanentError',
    'context-too-long',
    { terminal_reason: 'prompt_too_long' },
  ],
])('a call that fails with %s %s is a %s: %s', async (status, kind, name, code, more) => {
  const failing = run(failedCall(status, kind, more))
  await expect(failing).rejects.toMatchObject({ name, code })
  await expect(failing).rejects.not.toThrow('what the provider wrote')
})

test('a limit of the provider is waited out, and says when to come back if that was in vain', async () => {
  const waiting = Array.from({ length: 9 }, (_, index) => retry(429, 'rate_limit', index + 1))
  expect(await run([...waiting, ...DONE])).toMatchObject({ status: 'succeeded' })
  await expect(run([...waiting, ...failedCall(429, 'rate_limit')])).rejects.toMatchObject({
    name: 'TransientError',
    retryAfterMs: 1_500,
  })
})

test('an error that waiting cannot fix ends the attempt and the process immediately', async () => {
  await expect(run([retry(401, 'authentication_failed'), 'deaf'])).rejects.toMatchObject({
    name: 'PermanentError',
    code: 'provider-unauthorized',
  })
  const unreachable = [1, 2, 3, 4, 5].map((attempt) => retry(null, 'unknown', attempt))
  await expect(run([...unreachable, 'deaf'])).rejects.toMatchObject({
    name: 'TransientError',
    code: 'provider-unreachable',
  })
})

test('no agent begins while its provider asks for a pause, and it passes such a word on', async () => {
  const keys: string[] = []
  const outcomes: CallOutcome[] = []
  const gate: ModelGate = {
    async acquire(key) {
      keys.push(key)
      return {
        async release(outcome) {
          outcomes.push(outcome)
        },
      }
    },
  }
  const ask = (script: Step[]) =>
    anAgent(script, { gate, defaultModel: 'anthropic:claude-opus-5' })
      .executor.execute(aRequest(), aContext())
      .catch(() => {})
  await ask(DONE)
  await ask([retry(429, 'rate_limit'), ...DONE])
  await ask([retry(529, 'server_error'), ...DONE])
  await ask(failedCall(400, 'invalid_request'))
  expect(new Set(keys)).toEqual(new Set(['anthropic:claude-opus-5']))
  expect(outcomes).toMatchObject([
    { status: 'ok' },
    { status: 'rate-limited', retryAfterMs: 1_500 },
    { status: 'overloaded', retryAfterMs: 1_500 },
    { status: 'failed' },
  ])
})

test('what an agent used before it was aborted is counted', async () => {
  const { executor, hanging } = anAgent([...answer('Half.'), 'hang'])
  const controller = new AbortController()
  const context = aContext(controller.signal)
  const running = executor.execute(aRequest(), context)
  running.catch(() => {})
  await hanging()
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
  expect(context.usages.at(-1)).toMatchObject({ inputTokens: 223, costUsd: 0.25 })
  expect(context.answeredBy.at(-1)).toBe('anthropic:claude-sonnet-4-5')
})

test('an agent that does not heed an interrupt is ended', async () => {
  const { executor, hanging } = anAgent(['deaf'])
  const controller = new AbortController()
  const running = executor.execute(aRequest(), aContext(controller.signal))
  running.catch(() => {})
  await hanging()
  controller.abort(new Error('cancelled'))
  await expect(running).rejects.toThrow('cancelled')
})

test('an agent that breaks off may be tried again', async () => {
  await expect(run([new Error('Claude Code process exited with code 1')])).rejects.toMatchObject({
    name: 'TransientError',
    code: 'agent-failed',
  })
})

test('an agent leaves no folder behind when it fails', async () => {
  const temporaryDir = await aFolder()
  const { executor } = anAgent(failedCall(400, 'invalid_request'), { temporaryDir })
  await expect(executor.execute(aRequest(), aContext())).rejects.toThrow()
  expect(await readdir(temporaryDir)).toEqual([])
})
