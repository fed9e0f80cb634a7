import type { AgentCard } from '@a2a-js/sdk'
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client'
import { z } from 'zod'
import { PermanentError, TransientError } from '../../core/contract/errors.ts'
import { agentFetch, withReadableEvents } from './agent-fetch.ts'
import type { Agent } from './options.ts'

/** How long a card is cached. */
const CARD_AGE_MS = 300_000
/** How long an agent may take to return its card. */
const CARD_MS = 30_000

/** The required fields of a card, after conversion to version 1.0. */
const ReadCard = z.looseObject({
  supportedInterfaces: z
    .array(z.looseObject({ url: z.url({ protocol: /^https?$/ }), protocolBinding: z.string() }))
    .min(1),
  capabilities: z.looseObject({ streaming: z.boolean().nullish() }),
})

/** A connection to one agent for one attempt. */
export interface Connection {
  client: Client
  /** Whether the agent can send events while it works. */
  streams: boolean
}

/** Recently read cards, by agent name. */
export type Cards = Map<string, { card: AgentCard; readAt: number }>

/**
 * Reads the agent's card and chooses the first transport it offers that we support, JSON-RPC or
 * HTTP+JSON. Agents that speak version 0.3 of the protocol are supported too.
 *
 * @throws What `agentFetch` throws.
 * @throws {PermanentError} `agent-card-invalid`.
 */
export async function connect(
  agent: Agent,
  cards: Cards,
  signal: AbortSignal,
): Promise<Connection> {
  const legacyCompat = { enabled: true }
  const fetchImpl = agentFetch(agent, signal)
  const known = cards.get(agent.name)
  const card =
    known !== undefined && Date.now() - known.readAt < CARD_AGE_MS
      ? known.card
      : await readCard(agent, (input, init) =>
          fetchImpl(input, { ...init, signal: AbortSignal.timeout(CARD_MS) }),
        )
  const factory = new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ fetchImpl, legacyCompat }),
      new RestTransportFactory({ fetchImpl: withReadableEvents(fetchImpl, agent), legacyCompat }),
    ],
  })
  const client = await factory.createFromAgentCard(card).catch(() => {
    throw invalidCard(agent, 'offers neither JSON-RPC nor HTTP+JSON')
  })
  if (card !== known?.card) cards.set(agent.name, { card, readAt: Date.now() })
  return { client, streams: card.capabilities?.streaming === true }
}

async function readCard(agent: Agent, fetchImpl: typeof fetch): Promise<AgentCard> {
  const { base, path } = placeOf(agent.url)
  const raw: unknown = await new DefaultAgentCardResolver({ fetchImpl })
    .resolve(base, path)
    .catch((error: unknown) => {
      const isOurs = error instanceof TransientError || error instanceof PermanentError
      if (!isOurs) throw invalidCard(agent, 'cannot be read')
      throw error.code === 'agent-refused' ? invalidCard(agent, 'is not where it should be') : error
    })
  if (typeof raw !== 'object' || raw === null) throw invalidCard(agent, 'is none')
  const card = inWordsOfToday(essentialsOf(raw), agent)
  const read = ReadCard.safeParse(card)
  if (!read.success) {
    throw invalidCard(agent, `is wrong at ${read.error.issues[0]?.path.join('.')}`)
  }
  // Interface lists are new in 1.0, but the SDK takes an interface without a version for an older
  // one.
  const supportedInterfaces = card.supportedInterfaces.map((entry) => ({
    ...entry,
    protocolVersion: entry.protocolVersion || '1.0',
  }))
  return { ...card, supportedInterfaces }
}

/**
 * Only the fields of a card that a call needs. The rest is for people, and gaps there do no harm.
 * Agents from before 0.3 are called as if they spoke it.
 */
function essentialsOf(card: object) {
  const given: Record<string, unknown> = { ...card }
  const { supportedInterfaces, url, preferredTransport, additionalInterfaces } = given
  const capabilities = given.capabilities ?? {}
  if (supportedInterfaces !== undefined || typeof url !== 'string') {
    return { capabilities, supportedInterfaces }
  }
  const called = { url, preferredTransport, additionalInterfaces }
  return { capabilities, ...called, defaultInputModes: [], defaultOutputModes: [], skills: [] }
}

function inWordsOfToday(essentials: object, agent: Agent): AgentCard {
  try {
    const resolver = new DefaultAgentCardResolver({ legacyCompat: { enabled: true } })
    return resolver.normalizeAgentCard(essentials)
  } catch {
    throw invalidCard(agent, 'cannot be read')
  }
}

/** The well-known location is below the whole address, not next to its last folder. */
function placeOf(address: string): { base: string; path?: string } {
  const url = new URL(address)
  if (url.pathname.endsWith('.json')) return { base: url.href, path: '' }
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return { base: url.href }
}

function invalidCard({ name }: Agent, problem: string): PermanentError {
  return new PermanentError('agent-card-invalid', `The card of the agent ${name} ${problem}.`)
}
