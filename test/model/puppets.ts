import { PermanentError, TransientError } from '../../src/core/contract/errors.ts'
import { NO_USAGE, type Usage } from '../../src/core/contract/usage.ts'
import type {
  ExecutionContext,
  ExecutionOutcome,
  ExecutionRequest,
  Executor,
  TaskOutput,
} from '../../src/core/ports/executor.ts'

/** How the test lets an attempt end. */
export const ENDINGS = [
  'succeeds',
  'succeeds with the same output',
  'is cut short',
  'fails for now',
  'fails for good',
  'throws',
  'answers half a character',
  'counts what is no number',
  'counts too much',
] as const
export type Ending = (typeof ENDINGS)[number]

/** One that fails for now asks for this pause, by the clock that the test moves. */
export const PAUSE_SECONDS = 100

/** Usage of an attempt that ended by itself: its cost is the `options.costUsd` of its task. */
export function usageOf(costUsd: number): Usage {
  return { ...NO_USAGE, inputTokens: 3, outputTokens: 2, steps: 1, costUsd }
}

/** An attempt that runs until the test ends it, or the service aborts it. */
export interface Puppet {
  planId: string
  taskId: string
  attempt: number
  /** The process that runs it. */
  owner: unknown
  /** The service wants it to end, and it does not heed that. */
  isAborted: boolean
  end(ending: Ending): void
  /** Its process is gone: it never tells anything again. */
  vanish(): void
}

/** An executor whose attempts do what the test says, and nothing before. They join `all`. */
export function puppetExecutor(
  lane: 'io' | 'cpu',
  owner: unknown,
  all: Set<Puppet>,
  onChange: () => void,
): Executor {
  const name = lane === 'io' ? 'puppet' : 'heavy-puppet'
  return {
    name,
    lane,
    describe: () => ({
      name,
      description: 'Does what a test says.',
      available: true,
      tools: [],
      capabilities: {
        readsWorkspace: false,
        requiresWorkspace: false,
        writesWorkspace: false,
        usesModel: false,
        structuredOutput: false,
        resumes: false,
        readsMessages: false,
      },
      cost: 'counted',
      options: {},
    }),
    validate: () => [],
    execute: (request, context) =>
      new Promise((resolve, reject) => {
        const puppet: Puppet = {
          planId: request.planId,
          taskId: request.taskId,
          attempt: request.attempt,
          owner,
          isAborted: false,
          end(ending) {
            leave()
            answer(ending, request, context).then(resolve, reject)
          },
          vanish() {
            leave()
            reject(new Error('the process is gone'))
          },
        }
        const leave = () => {
          all.delete(puppet)
          context.signal.removeEventListener('abort', onAbort)
          onChange()
        }
        const onAbort = () => {
          puppet.isAborted = true
          if (request.spec.options?.['heedless'] === true) return onChange()
          leave()
          reject(context.signal.reason)
        }
        all.add(puppet)
        context.signal.addEventListener('abort', onAbort, { once: true })
        if (context.signal.aborted) onAbort()
        onChange()
      }),
  }
}

async function answer(
  ending: Ending,
  { spec, taskId, attempt }: ExecutionRequest,
  { onUsage }: ExecutionContext,
): Promise<ExecutionOutcome> {
  const usage = usageOf(Number(spec.options?.['costUsd'] ?? 0))
  const output: TaskOutput = { text: `Output of ${taskId}, attempt ${attempt}.` }
  onUsage(usage)
  switch (ending) {
    case 'succeeds':
      return { status: 'succeeded', output, usage }
    case 'succeeds with the same output':
      return { status: 'succeeded', output: { text: `Output of ${taskId}.` }, usage }
    case 'is cut short':
      return {
        status: 'incomplete',
        output,
        reason: { code: 'step-limit', message: 'It took too many steps.' },
        usage,
      }
    case 'fails for now':
      throw new TransientError('Not now.', { retryAfterMs: PAUSE_SECONDS * 1_000 })
    case 'fails for good':
      throw new PermanentError('refused', 'Never.')
    case 'throws':
      throw new Error('a fault of the executor')
    case 'answers half a character':
      return { status: 'succeeded', output: { text: `half \ud83d` }, usage }
    case 'counts what is no number':
      return { status: 'succeeded', output, usage: { ...usage, outputTokens: Number.NaN } }
    case 'counts too much':
      return { status: 'succeeded', output, usage: { ...usage, inputTokens: 1e30 } }
  }
}
