import { statSync } from 'node:fs'
import type { z } from 'zod'
import { closestName } from '../core/contract/closest-name.ts'
import { check } from '../core/contract/field-errors.ts'
import { type Agents, resolveAgents } from '../executors/http/options.ts'
import { modelProblem } from '../executors/model/models.ts'
import type { Providers } from '../executors/model/options.ts'
import { type McpServers, resolveMcpServers } from '../executors/model/tools/mcp-settings.ts'
import { withVariables } from '../executors/variables.ts'
import { parseRedisUrl } from '../store/redis/redis-url.ts'
import { Environment } from './environment.ts'

/** Enough for a few masters to share the work; each shard costs every worker six connections. */
const SHARDS_IN_A_CLUSTER = 8

/** Variables of ours that other programs read: the command, the tests. */
const OTHER_NAMES = ['TUTTI_URL', 'TUTTI_API_KEY', 'TUTTI_REDIS_SERVER']

export type Config = Readonly<
  Omit<z.output<typeof Environment>, 'TUTTI_AGENTS' | 'TUTTI_MCP_SERVERS'> & {
    TUTTI_SHARDS: number
    TUTTI_AGENTS: Agents
    TUTTI_MCP_SERVERS: McpServers
  }
>

/** The errors in the environment, one sentence per line, each beginning with the variable's name. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'

  constructor(problems: readonly string[]) {
    super(['Tutti cannot start with this environment:', ...problems].join('\n  '))
  }
}

/** @throws {EnvironmentError} naming every invalid variable, before anything is opened. */
export function loadConfig(env: NodeJS.ProcessEnv): Config {
  // An empty variable counts as unset: that is how compose files pass unset ones.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const { data, problems = [] } = check(Environment, given)
  const sentences = problems.map(({ path, message }) => `${path.join('.')} ${message}`)
  sentences.push(...misspeltNames(given))
  if (data === undefined || sentences.length > 0) throw new EnvironmentError(sentences)
  const config = {
    ...data,
    TUTTI_SHARDS: data.TUTTI_SHARDS ?? defaultShards(data.REDIS_URL),
    TUTTI_COMMANDS: resolved('TUTTI_COMMANDS', () => withVariables(data.TUTTI_COMMANDS, given)),
    TUTTI_ACP_AGENTS: resolved('TUTTI_ACP_AGENTS', () =>
      withVariables(data.TUTTI_ACP_AGENTS, given),
    ),
    TUTTI_RUN: resolved('TUTTI_RUN', () => withVariables({ run: data.TUTTI_RUN }, given).run),
    TUTTI_AGENTS: resolved('TUTTI_AGENTS', () => resolveAgents(data.TUTTI_AGENTS, given)),
    TUTTI_MCP_SERVERS: resolved('TUTTI_MCP_SERVERS', () =>
      resolveMcpServers(data.TUTTI_MCP_SERVERS, given),
    ),
  }
  const contradictions = contradictionsIn(config)
  if (contradictions.length > 0) throw new EnvironmentError(contradictions)
  return Object.freeze(config)
}

/** How to reach the model providers. */
export function providersOf(config: Config): Providers {
  return {
    anthropicApiKey: config.ANTHROPIC_API_KEY,
    anthropicBaseUrl: config.ANTHROPIC_BASE_URL,
    openaiApiKey: config.OPENAI_API_KEY,
    openaiBaseUrl: config.OPENAI_BASE_URL,
    localBaseUrl: config.LOCAL_BASE_URL,
    others: {
      google: { apiKey: config.GOOGLE_GENERATIVE_AI_API_KEY, baseUrl: config.GOOGLE_BASE_URL },
      bedrock: {
        apiKey: config.AWS_BEARER_TOKEN_BEDROCK,
        baseUrl: config.BEDROCK_BASE_URL,
        region: config.AWS_REGION,
        accessKeyId: config.AWS_ACCESS_KEY_ID,
        secretAccessKey: config.AWS_SECRET_ACCESS_KEY,
        sessionToken: config.AWS_SESSION_TOKEN,
      },
      azure: {
        apiKey: config.AZURE_API_KEY,
        baseUrl: config.AZURE_BASE_URL,
        resourceName: config.AZURE_RESOURCE_NAME,
      },
      mistral: { apiKey: config.MISTRAL_API_KEY, baseUrl: config.MISTRAL_BASE_URL },
      xai: { apiKey: config.XAI_API_KEY, baseUrl: config.XAI_BASE_URL },
      deepseek: { apiKey: config.DEEPSEEK_API_KEY, baseUrl: config.DEEPSEEK_BASE_URL },
      openrouter: { apiKey: config.OPENROUTER_API_KEY, baseUrl: config.OPENROUTER_BASE_URL },
    },
  }
}

/** Variables that look like misspellings of ours, and would have no effect. */
function misspeltNames(given: NodeJS.ProcessEnv): string[] {
  const known = [...Object.keys(Environment.shape), ...OTHER_NAMES]
  return Object.keys(given).flatMap((name) => {
    if (!name.startsWith('TUTTI_') || known.includes(name)) return []
    const meant = closestName(name, known)
    return meant === undefined
      ? []
      : [`${name} is not a variable that Tutti knows; did you mean ${meant}?`]
  })
}

/** Values that are valid individually, but not together or not on this machine. */
function contradictionsIn(config: Config): string[] {
  const problems: string[] = []
  if (config.TUTTI_API_KEYS.size === 0 && !isLoopback(config.HOST)) {
    problems.push(
      `HOST is ${config.HOST}, but without TUTTI_API_KEYS the service listens on the loopback only.`,
    )
  }
  if (config.TUTTI_MODEL !== undefined) {
    const problem = modelProblem(config.TUTTI_MODEL, providersOf(config))
    if (problem !== undefined)
      problems.push(`TUTTI_MODEL is ${config.TUTTI_MODEL}, which ${problem}`)
  }
  for (const root of config.TUTTI_WORKSPACE_ROOTS) {
    const isFolder = statSync(root, { throwIfNoEntry: false })?.isDirectory() === true
    if (!isFolder) problems.push(`TUTTI_WORKSPACE_ROOTS names ${root}, which is not a folder here.`)
  }
  return problems
}

function defaultShards(redisUrl: string | undefined): number {
  const isCluster = redisUrl !== undefined && parseRedisUrl(redisUrl).kind === 'cluster'
  return isCluster ? SHARDS_IN_A_CLUSTER : 1
}

/** Fills in the variables that settings refer to. */
function resolved<T>(name: string, resolve: () => T): T {
  try {
    return resolve()
  } catch (error) {
    const message = error instanceof Error ? error.message : 'cannot be read'
    throw new EnvironmentError([`${name}: ${message}`])
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host)
}
