import { expect, test } from 'vitest'
import type { ExecutionRequest } from '../../src/core/ports/executor.ts'
import { echoExecutor } from '../../src/executors/echo.ts'
import { describeExecutor } from '../support/executor-contract.ts'

function aRequest(options?: object, request: Partial<ExecutionRequest> = {}): ExecutionRequest {
  return {
    planId: 'plan-1',
    taskId: 'task-1',
    attempt: 1,
    sharedContext: '',
    prompt: 'Say hello.',
    workspace: undefined,
    spec: {
      id: 'task-1',
      description: 'Say hello',
      prompt: 'Say hello.',
      executor: 'echo',
      timeoutMs: 60_000,
      attempts: 3,
      priority: 0,
      ...(options === undefined ? {} : { options: { ...options } }),
    },
    ...request,
  }
}

function execute(request: ExecutionRequest, signal = new AbortController().signal) {
  return echoExecutor.execute(request, { signal, onText() {}, onUsage() {} })
}

async function textOf(request: ExecutionRequest): Promise<string> {
  return (await execute(request)).output.text
}

describeExecutor('echo', async () => ({
  executor: echoExecutor,
  succeeds: aRequest({ delayMs: 5, outputBytes: 100 }),
  hangs: aRequest({ hang: true }),
  async close() {},
}))

test('returns the rendered prompt: the shared context, then the task', async () => {
  expect(await textOf(aRequest())).toBe('Say hello.')
  expect(await textOf(aRequest({}, { sharedContext: 'Be kind.' }))).toBe('Be kind.\n\nSay hello.')
})

test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 40])(
  'cuts or pads to %i bytes, and keeps every character whole',
  async (outputBytes) => {
    const prompt = 'aé€😀z'
    const text = await textOf(aRequest({ outputBytes }, { prompt }))
    expect(Buffer.byteLength(text)).toBe(outputBytes)
    expect(prompt.startsWith(text.trimEnd())).toBe(true)
    expect(text).not.toContain('\uFFFD')
  },
)

test('fails the first attempts, then succeeds', async () => {
  const attempt = (number: number) => execute(aRequest({ failAttempts: 2 }, { attempt: number }))
  await expect(attempt(1)).rejects.toMatchObject({ name: 'TransientError', code: 'echo-failed' })
  await expect(attempt(2)).rejects.toMatchObject({ name: 'TransientError' })
  expect(await attempt(3)).toMatchObject({ status: 'succeeded' })
})

test('takes as long as it is told to', async () => {
  const begun = performance.now()
  await execute(aRequest({ delayMs: 50 }))
  expect(performance.now() - begun).toBeGreaterThanOrEqual(49)
})

test('names every wrong option', () => {
  const problems = echoExecutor.validate(
    aRequest({ delayMs: -1, outputBytes: 'many', hang: 1 }).spec,
  )
  expect(problems.map(({ path }) => path.join('.'))).toEqual([
    'options.delayMs',
    'options.outputBytes',
    'options.hang',
  ])
})

test('does not pretend to fit a schema', () => {
  const spec = { ...aRequest().spec, outputSchema: { type: 'object' } }
  expect(echoExecutor.validate(spec)).toEqual([
    { path: ['outputSchema'], message: 'is not supported by the executor `echo`' },
  ])
})
