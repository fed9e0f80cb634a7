import { A2AError } from '@a2a-js/sdk/errors'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import { shorten } from '../../core/text/shorten.ts'
import { retryAfterMs } from '../model/calls/retry-after.ts'
import type { Agent } from './options.ts'

/** Characters of an agent's own words in a message. */
const MAX_WORDS = 500

/** HTTP's answers after which the same request may go well. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)
}

/** A refusal, by its status alone: what an agent writes beside it may repeat the prompt or a header. */
export function refusal({ name }: Agent, { status, headers }: Response) {
  const message = `The agent ${name} answered ${status}.`
  if (isTransient(status)) {
    const code = status === 429 ? 'agent-rate-limited' : 'agent-error'
    const wait = retryAfterMs(Object.fromEntries(headers))
    return new TransientError(message, { code, retryAfterMs: wait })
  }
  if (status < 400) {
    return new PermanentError('agent-redirect', `${message} Redirects are not followed.`)
  }
  const unauthorized = status === 401 || status === 403
  return new PermanentError(unauthorized ? 'agent-unauthorized' : 'agent-refused', message)
}

export function unreachable({ name }: Agent): TransientError {
  const message = `The agent ${name} could not be reached.`
  return new TransientError(message, { code: 'agent-unreachable' })
}

export function unreadable({ name }: Agent): TransientError {
  const message = `The agent ${name} sent an answer that broke off or could not be read.`
  return new TransientError(message, { code: 'agent-invalid-response' })
}

/**
 * An error of the SDK as the queue understands it. Without its cause and its words: they quote
 * what was received.
 */
export function failureOf(error: unknown, agent: Agent): TransientError | PermanentError {
  if (error instanceof TransientError || error instanceof PermanentError) return error
  // An error within a stream comes wrapped.
  const told = error instanceof Error && error.cause instanceof A2AError ? error.cause : error
  // What has no transport was not received: the SDK says that it could not make sense of an answer.
  if (!(told instanceof A2AError && 'transport' in told)) return unreadable(agent)
  const message = `The agent ${agent.name} answered ${told.reason}.`
  const status = 'statusCode' in told && typeof told.statusCode === 'number' ? told.statusCode : 500
  if (told.reason === 'TASK_NOT_FOUND') {
    return new TransientError(message, { code: 'agent-task-lost' })
  }
  return told.reason === 'INTERNAL_ERROR' && isTransient(status)
    ? new TransientError(message, { code: 'agent-error' })
    : new PermanentError('agent-refused', message)
}

/** A sentence, and what the agent said to it: short, and without the operator's secrets. */
export function withWords(sentence: string, words: string, { secrets }: Agent): string {
  let said = words
  for (const secret of secrets) said = said.replaceAll(secret, '[secret]')
  said = said.replace(/\s+/g, ' ').trim()
  return said === '' ? `${sentence}.` : `${sentence}: ${shorten(said, MAX_WORDS, '…')}`
}
