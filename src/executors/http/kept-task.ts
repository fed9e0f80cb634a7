import { NO_USAGE } from '../../core/contract/usage.ts'
import type { StepLog } from '../../core/ports/steps.ts'
import { AttemptAborted } from '../../core/run/running-tasks.ts'
import { conversationName } from '../model/steps/conversation-name.ts'
import type { Agent } from './options.ts'

const PART = 'remote-task'

/**
 * Returns the id of the agent's task that an earlier attempt left running.
 *
 * @throws {AttemptAborted} Another worker has the task.
 */
export async function taskBefore(
  steps: StepLog | undefined,
  agent: Agent,
  prompt: string,
): Promise<string | undefined> {
  const resumed = await steps?.resume(conversationName([agent.name, prompt]), { anew: false })
  const part = resumed?.steps.at(-1)?.parts.find(({ type }) => type === PART)
  return typeof part?.id === 'string' ? part.id : undefined
}

/** Stores the id of the agent's task, so that the next attempt can take it over. */
export async function keepTask(
  steps: StepLog | undefined,
  agent: Agent,
  { id, ms }: { id: string; ms: number },
): Promise<void> {
  const parts = [{ type: PART, id }]
  const answer = { model: `a2a:${agent.name}`, parts, usage: NO_USAGE }
  await steps?.keepAnswer(answer, { ms, isLast: true })
}

/** Whether another attempt will take the agent's task over. */
export function isHandedOver(reason: unknown): boolean {
  return reason instanceof AttemptAborted && (reason.kind === 'shutdown' || reason.kind === 'lost')
}
