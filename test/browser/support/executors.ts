import type { ExecutorList } from '../../../src/core/contract/executors.ts'

type Executor = ExecutorList['items'][number]

/** One that calls a model, one with an option to choose, and one that is not available. */
export function stagedExecutors(): ExecutorList {
  const executor = (name: string, rest: Partial<Executor>): Executor => ({
    name,
    description: 'An executor.',
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
    cost: 'none',
    options: { type: 'object', properties: {} },
    ...rest,
  })
  const usesModel = { ...executor('', {}).capabilities, usesModel: true }
  return {
    default: 'model',
    defaultModel: 'anthropic:claude-sonnet-4-5',
    items: [
      executor('model', { capabilities: usesModel, cost: 'counted' }),
      executor('command', {
        description: 'A command line of the operator.\n`count`: Counts lines',
        options: {
          type: 'object',
          required: ['command'],
          properties: {
            command: { type: 'string', enum: ['count', 'lint'] },
            arguments: { type: 'array', items: { type: 'string' } },
          },
        },
      }),
      executor('claude-agent', { available: false, reason: 'It is not installed.' }),
    ],
  }
}
