import type { TaskSpec } from '../../src/core/contract/task-spec.ts'
import type { Usage } from '../../src/core/contract/usage.ts'
import type { ExecutionContext, ExecutionRequest } from '../../src/core/ports/executor.ts'

/** A request for one attempt at one task; what matters to the test is given. */
export function aRequest(
  spec: Partial<TaskSpec> = {},
  request: Partial<Omit<ExecutionRequest, 'spec'>> = {},
): ExecutionRequest {
  return {
    planId: 'plan-1',
    taskId: 'review',
    attempt: 1,
    sharedContext: '',
    prompt: 'Review the code.',
    workspace: undefined,
    ...request,
    spec: {
      id: 'review',
      description: 'Review the code',
      task: 'Review the code.',
      executor: 'model',
      timeoutMs: 60_000,
      attempts: 3,
      priority: 0,
      ...spec,
    },
  }
}

export interface RecordedContext extends ExecutionContext {
  text(): string
  usages: Usage[]
  /** Who answered, as often as usage was told. */
  answeredBy: (string | undefined)[]
}

export function aContext(signal: AbortSignal = new AbortController().signal): RecordedContext {
  let text = ''
  const usages: Usage[] = []
  const answeredBy: (string | undefined)[] = []
  return {
    signal,
    usages,
    answeredBy,
    text: () => text,
    onText(piece) {
      text += piece
    },
    onUsage(usage, name) {
      usages.push(usage)
      answeredBy.push(name)
    },
  }
}
