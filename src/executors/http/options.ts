import { z } from 'zod'
import { variablesOf } from '../variables.ts'

const HEADER_VALUE = /^[\t\x20-\x7e]*$/

const address = z
  .url({ protocol: /^https?$/ })
  .refine((url) => !/^\w+:\/\/[^/]*@/.test(url), 'must not hold credentials: they go into headers')

/** A remote agent that the operator lets tasks call. */
const AgentSettings = z.strictObject({
  url: address.describe(
    'Its agent card, where the path ends in .json; else the folder that has it at .well-known/agent-card.json.',
  ),
  description: z.string().min(1).max(500),
  headers: z
    .record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string())
    .default({})
    .describe(`Sent with every request. \${NAME} stands for that variable of the environment.`),
  origins: z
    .array(address.refine((url) => URL.parse(url)?.origin === url, 'must be an origin'))
    .default([])
    .describe("Origins that its card may send calls to, headers included, besides url's own."),
})
type AgentSettings = z.output<typeof AgentSettings>

/** All agents by name. */
export const AgentsSettings = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), AgentSettings)
export type AgentsSettings = z.output<typeof AgentsSettings>

/** An agent whose headers have the values of the variables they name. */
export interface Agent extends AgentSettings {
  name: string
  /** Values that no message may contain. */
  secrets: string[]
}
export type Agents = Record<string, Agent>

/**
 * @throws {Error} naming every variable that is not set or is not a valid header value; never its
 * value.
 */
export function resolveAgents(
  settings: AgentsSettings,
  environment: Record<string, string | undefined>,
): Agents {
  const problems: string[] = []
  const { filled } = variablesOf(environment, problems)
  const resolved = Object.entries(settings).map(([name, agent]): [string, Agent] => {
    const secrets = new Set<string>()
    const headers = Object.entries(agent.headers).map(([header, template]): [string, string] => {
      const value = filled(`${name}.headers.${header}`, template, (found) => secrets.add(found))
      if (!HEADER_VALUE.test(value))
        problems.push(`${name}.headers.${header}: is not a valid header value`)
      secrets.add(value)
      return [header, value]
    })
    // The longest first, because one may be part of another.
    const known = [...secrets].filter(({ length }) => length >= 4)
    known.sort((a, b) => b.length - a.length)
    return [name, { ...agent, name, headers: Object.fromEntries(headers), secrets: known }]
  })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return Object.fromEntries(resolved)
}
