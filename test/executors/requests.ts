import type { ExecutionContext, ExecutionRequest } from '../../src/core/ports.ts'
import type { TaskSpec } from '../../src/core/submission.ts'

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
      executor: 'command',
      timeoutMs: 60_000,
      attempts: 3,
      priority: 0,
      ...spec,
    },
  }
}

export function aContext(
  signal: AbortSignal = new AbortController().signal,
): ExecutionContext & { text(): string } {
  let text = ''
  return {
    signal,
    text: () => text,
    onText(piece) {
      text += piece
    },
    onUsage() {},
  }
}
