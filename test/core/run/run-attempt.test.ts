import { expect, test } from 'vitest'
import { PermanentError } from '../../../src/core/contract/errors.ts'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { runAttempt } from '../../../src/core/run/run-attempt.ts'
import { echoExecutor } from '../../../src/executors/echo.ts'
import { aRequest } from '../../executors/requests.ts'

test('an output that cannot be read in time fails its attempt for good, and is kept', async () => {
  const request = aRequest({ attempts: 3 })
  const result = await runAttempt({
    executor: {
      ...echoExecutor,
      execute: async () => ({
        status: 'succeeded',
        output: { text: 'said' },
        usage: { ...NO_USAGE, steps: 1 },
      }),
    },
    spec: request.spec,
    prepare: async () => request,
    signal: new AbortController().signal,
    spent: 0,
    random: Math.random,
    findingsIn: async () => {
      throw new PermanentError('output-not-readable', 'It could not be read.')
    },
    allowance: undefined,
    onText() {},
    onUsage() {},
    onFault() {},
  })
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'output-not-readable' },
    usage: { steps: 1 },
    output: { text: 'said' },
  })
})

test('standard error is kept with an attempt that fails for good', async () => {
  const request = aRequest({ attempts: 3 })
  const result = await runAttempt({
    executor: {
      ...echoExecutor,
      async execute(_, { onStderr }) {
        onStderr?.('early')
        onStderr?.('Cannot find module')
        throw new PermanentError('command-failed', 'The command ended with exit code 1.')
      },
    },
    spec: request.spec,
    prepare: async () => request,
    signal: new AbortController().signal,
    spent: 0,
    random: Math.random,
    findingsIn: async () => [],
    allowance: undefined,
    onText() {},
    onUsage() {},
    onFault() {},
  })
  expect(result).toMatchObject({
    status: 'failed',
    error: { code: 'command-failed' },
    output: { text: '', stderr: 'Cannot find module' },
  })
})
