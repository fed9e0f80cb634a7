import { z } from 'zod'
import { variablesOf } from '../../variables.ts'
import type { McpServer } from '../options.ts'

const HEADER_VALUE = /^[\t\x20-\x7e]*$/

/** A server that is started for each task that uses it, with messages over its standard streams. */
const StartedServer = z.strictObject({
  type: z.literal('stdio').optional(),
  command: z.string().min(1),
  args: z.array(z.string()).optional(),
  env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string()).optional(),
})

/** A server that is already running. */
const ListeningServer = z.strictObject({
  type: z.literal(['http', 'streamable-http']).optional(),
  url: z.url({ protocol: /^https?$/ }),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string()).optional(),
})

const Servers = z.record(
  // Without consecutive underscores, which would make `mcp__<server>__<tool>` ambiguous.
  z
    .string()
    .regex(/^[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*$/)
    .max(40),
  z.union([StartedServer, ListeningServer], {
    error: 'must have a `command`, with `args` and `env`, or a `url`, with `headers`',
  }),
)

/** Servers by name, or under `mcpServers`, as in the configuration files of other programs. */
export const McpSettings = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && 'mcpServers' in value ? value.mcpServers : value,
  Servers,
)
export type McpSettings = z.output<typeof McpSettings>

export type McpServers = Readonly<Record<string, McpServer>>

/**
 * The servers with the values of the variables that they name as `${NAME}`. A started server gets
 * the operator's PATH and HOME unless it has its own, and what is configured for it: nothing else
 * from the environment.
 *
 * @throws {Error} naming every variable that is not set or is not a valid header value; never its
 * value.
 */
export function resolveMcpServers(
  settings: McpSettings,
  environment: Record<string, string | undefined>,
): McpServers {
  const problems: string[] = []
  const { filled, filledAll } = variablesOf(environment, problems)
  const resolved = Object.entries(settings).map(([name, server]): [string, McpServer] => {
    if ('url' in server) {
      const headers = filledAll(`${name}.headers`, server.headers)
      for (const [header, value] of Object.entries(headers)) {
        if (!HEADER_VALUE.test(value))
          problems.push(`${name}.headers.${header}: is not a valid header value`)
      }
      return [name, { url: server.url, headers }]
    }
    const { PATH, HOME } = environment
    const env = {
      ...(PATH === undefined ? {} : { PATH }),
      ...(HOME === undefined ? {} : { HOME }),
      ...filledAll(`${name}.env`, server.env),
    }
    const args = (server.args ?? []).map((text, at) => filled(`${name}.args.${at}`, text))
    return [name, { command: filled(`${name}.command`, server.command), args, env }]
  })
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return Object.fromEntries(resolved)
}
