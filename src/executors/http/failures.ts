import { A2AError } from '@a2a-js/sdk/errors'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import { shorten } from '../../core/text/shorten.ts'
import { retryAfterMs } from '../model/calls/retry-after.ts'
import type { Agent } from './options.ts'

/** How many characters of an agent's own text a message may contain. */
const MAX_WORDS = 500

/** HTTP statuses after which the same request may succeed. */
export function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)
}

/**
 * An error for a refusal, based on its status alone: the agent's text may repeat the prompt or a
 * header.
 */
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
  const message = `The agent ${name} sent an answer that was cut off or could not be read.`
  return new TransientError(message, { code: 'agent-invalid-response' })
}

/**
 * Converts an error of the SDK to one that the queue understands, without its cause and message,
 * which quote what was received.
 */
export function failureOf(error: unknown, agent: Agent): TransientError | PermanentError {
  if (error instanceof TransientError || error instanceof PermanentError) return error
  // Errors within a stream are wrapped.
  const told = error instanceof Error && error.cause instanceof A2AError ? error.cause : error
  // An error without a transport was not received: the SDK could not parse an answer.
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

/** A sentence followed by what the agent said, shortened and without the operator's secrets. */
export function withWords(sentence: string, words: string, { secrets }: Agent): string {
  let said = words
  for (const secret of secrets) said = said.replaceAll(secret, '[secret]')
  said = said.replace(/\s+/g, ' ').trim()
  return said === '' ? `${sentence}.` : `${sentence}: ${shorten(said, MAX_WORDS, '…')}`
}
