import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { availableParallelism } from 'node:os'
import { z } from 'zod'
import { OwnPrices } from '../core/budget/prices.ts'
import { DEFAULT_LIMITS } from '../core/contract/limits.ts'
import { AcpAgents } from '../executors/acp/options.ts'
import { Commands } from '../executors/command/options.ts'
import { AgentsSettings } from '../executors/http/options.ts'
import { McpSettings } from '../executors/model/tools/mcp-settings.ts'
import { ProgramsSettings } from '../executors/sandbox/programs.ts'
import { parseApiKeys } from '../http/security/api-keys.ts'
import { parseRedisUrl } from '../store/redis/redis-url.ts'

const SECOND = 1_000
const DAY = 24 * 3_600 * SECOND

const CREDENTIAL = /^(?<name>[A-Za-z0-9_-]{1,64})@(?<host>[^=]+)=(?<token>.+)$/

/** Whether the text is an IP address, or a range in CIDR notation. */
function isRange(text: string): boolean {
  const { address = '', bits } =
    /^(?<address>[^/]+)(?:\/(?<bits>\d{1,3}))?$/.exec(text)?.groups ?? {}
  const kind = isIP(address)
  return kind !== 0 && Number(bits ?? 0) <= (kind === 4 ? 32 : 128)
}

const HOST_NAME = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i

/** Whether the text is an origin as a browser sends it: scheme, host and port only. */
function isOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text
}

/** Whether git and an HTTP client accept the text as a host, with or without a port. */
function isHost(text: string): boolean {
  return HOST_NAME.test(text) && URL.canParse(`https://${text}`)
}

/** A whole number; anything else gets the same message. */
function count(from: number, to: number) {
  const error = `must be a whole number from ${from} to ${to}`
  return z.coerce.number({ error }).int({ error }).min(from, { error }).max(to, { error })
}

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== ''),
)

const httpUrl = () => z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })

/** A JSON object, given in the variable itself or in the file that it names; empty when unset. */
const jsonOrFile = <T extends z.ZodType>(schema: T) => jsonText(schema).prefault('{}')

function jsonText<T extends z.ZodType>(schema: T) {
  return z.string().transform((text, context): z.output<T> => {
    // The message names the problem but never quotes the text, which may hold secrets.
    try {
      const json = text.trimStart().startsWith('{') ? text : readFileSync(text, 'utf8')
      const read = schema.safeParse(JSON.parse(json))
      if (read.success) return read.data
      context.addIssue(z.prettifyError(read.error))
    } catch {
      context.addIssue('is neither a JSON object nor a file that holds one')
    }
    return z.NEVER
  })
}

/** The environment. docs/configuration.md and `.env.example` are generated from the descriptions. */
export const Environment = z.object({
  HOST: z.string().default('127.0.0.1').describe('Where the API listens.'),
  PORT: count(0, 65_535).default(3000).describe('Port of the API; 0 for any free one.'),
  REDIS_URL: z
    .string()
    .superRefine((text, context) => {
      try {
        parseRedisUrl(text)
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : 'cannot be read')
      }
    })
    .optional()
    .describe(
      'Redis to use: redis://, rediss://, redis+sentinel://, or a comma-separated list of nodes for a Cluster. `npm start` brings its own when unset.',
    ),
  TUTTI_PREFIX: z
    .string()
    .regex(/^[a-z0-9-]{1,40}$/, 'must be 1 to 40 lowercase letters, digits and dashes')
    .default('tutti')
    .describe('Prefix of all keys in Redis, so that several Tuttis can share one.'),
  TUTTI_SHARDS: count(1, 64)
    .optional()
    .describe('Number of hash slots that new plans are spread over. It may grow but never shrink.'),
  TUTTI_DATA_DIR: z
    .string()
    .min(1)
    .default('./.tutti')
    .describe("Folder for checkouts, worktrees and the private Redis's files."),
  TUTTI_CONCURRENCY: count(1, 10_000)
    .default(100)
    .describe('Tasks that one worker process runs at a time.'),
  TUTTI_CPU_CONCURRENCY: count(1, 1_000)
    .default(Math.max(4, availableParallelism()))
    .describe(
      'Tasks that compute on this machine (static analysis, commands, coding agents) and may run at the same time in one worker process; by default the number of cores, at least 4.',
    ),
  TUTTI_SYNTHESIS_CONCURRENCY: count(1, 1_000)
    .default(8)
    .describe(
      'Syntheses that one worker process runs at a time. It also runs up to as many parts of large ones.',
    ),
  TUTTI_MODEL: z
    .string()
    .regex(
      /^[a-z][a-z0-9-]*:\S+$/,
      'must be provider:model, as in anthropic:claude-sonnet-5 or local:llama3',
    )
    .optional()
    .describe('Default model, as provider:model.'),
  ANTHROPIC_API_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('API key for anthropic: models and the executor `claude-agent`.'),
  ANTHROPIC_BASE_URL: httpUrl()
    .optional()
    .describe('Base URL for anthropic: models and `claude-agent`, instead of the public one.'),
  OPENAI_API_KEY: z.string().min(1).optional().describe('API key for openai: models.'),
  OPENAI_BASE_URL: httpUrl()
    .optional()
    .describe('Base URL for openai: models, instead of the public one.'),
  LOCAL_BASE_URL: httpUrl()
    .optional()
    .describe("Base URL for local: models: any server that speaks OpenAI's chat completions API."),
  GOOGLE_GENERATIVE_AI_API_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Key for google: models (Gemini).'),
  GOOGLE_BASE_URL: httpUrl().optional().describe('Another address for them.'),
  AWS_REGION: z
    .string()
    .min(1)
    .optional()
    .describe('Region of Amazon Bedrock, for bedrock: models.'),
  AWS_BEARER_TOKEN_BEDROCK: z
    .string()
    .min(1)
    .optional()
    .describe('Key for bedrock: models; or the following three.'),
  AWS_ACCESS_KEY_ID: z.string().min(1).optional().describe('Access key for bedrock: models.'),
  AWS_SECRET_ACCESS_KEY: z.string().min(1).optional().describe('Its secret.'),
  AWS_SESSION_TOKEN: z
    .string()
    .min(1)
    .optional()
    .describe('Its session token, if it is temporary.'),
  BEDROCK_BASE_URL: httpUrl().optional().describe('Another address for them.'),
  AZURE_API_KEY: z
    .string()
    .min(1)
    .optional()
    .describe('Key for azure: models, which are named by their deployments.'),
  AZURE_RESOURCE_NAME: z
    .string()
    .min(1)
    .optional()
    .describe('The Azure resource that they are deployed in.'),
  AZURE_BASE_URL: httpUrl().optional().describe('Its address, in place of its name.'),
  MISTRAL_API_KEY: z.string().min(1).optional().describe('Key for mistral: models.'),
  MISTRAL_BASE_URL: httpUrl().optional().describe('Another address for them.'),
  XAI_API_KEY: z.string().min(1).optional().describe('Key for xai: models.'),
  XAI_BASE_URL: httpUrl().optional().describe('Another address for them.'),
  DEEPSEEK_API_KEY: z.string().min(1).optional().describe('Key for deepseek: models.'),
  DEEPSEEK_BASE_URL: httpUrl().optional().describe('Another address for them.'),
  OPENROUTER_API_KEY: z.string().min(1).optional().describe('Key for openrouter: models.'),
  OPENROUTER_BASE_URL: httpUrl().optional().describe('Another address for them.'),
  TUTTI_EXECUTOR: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Default executor. When unset, `model` if a model is configured and `static` otherwise.',
    ),
  TUTTI_COMMANDS: jsonOrFile(Commands).describe(
    'Commands that tasks of the executor `command` may run, by name: JSON, or the path of a JSON file.',
  ),
  TUTTI_RUN: z
    .string()
    // A comma-separated list is a short form for settings with only `programs`.
    .transform((text) =>
      /^\s*\{|\.json\s*$/.test(text) ? text : JSON.stringify({ programs: text.split(',') }),
    )
    .pipe(jsonText(ProgramsSettings))
    .prefault('{}')
    .describe(
      'Programs that tasks of the executor `model` may run with the tool `run`, in a sandbox: prefixes as in `npm test, pytest`, or JSON with their limits, or the path of a JSON file. None by default.',
    ),
  TUTTI_ACP_AGENTS: jsonOrFile(AcpAgents).describe(
    'Coding agents that speak the Agent Client Protocol, which tasks of the executor `acp` may use, by name: JSON, or the path of a JSON file.',
  ),
  TUTTI_AGENTS: jsonOrFile(AgentsSettings).describe(
    'Remote agents that tasks of the executor `http` may call, by name: JSON, or the path of a JSON file.',
  ),
  TUTTI_MCP_SERVERS: jsonOrFile(McpSettings).describe(
    'MCP servers whose tools tasks of the executor `model` may use, by name: JSON, or the path of a JSON file.',
  ),
  TUTTI_PRICES: jsonOrFile(OwnPrices).describe(
    'Model prices for costs and budgets, in addition to the published ones: JSON shaped like `src/core/budget/prices.json`, or the path of a JSON file.',
  ),
  TUTTI_WORKSPACE_ROOTS: list
    .default([])
    .describe("Folders that a plan's workspace.path may be in; none by default."),
  TUTTI_GIT_HOSTS: list
    .pipe(
      z.array(
        z
          .string()
          .refine(isHost, 'must be a host, as in github.com or git.example:8443')
          .transform((host) => host.toLowerCase()),
      ),
    )
    .prefault('')
    .describe('Hosts that workspace.git may be cloned from; none by default.'),
  TUTTI_GIT_SCHEMES: list
    .pipe(z.array(z.enum(['https', 'http', 'ssh', 'file'])).min(1))
    .prefault('https')
    .describe('Schemes allowed in workspace.git: https, http, ssh or file.'),
  TUTTI_GIT_CREDENTIALS: list
    .transform((entries, context) => {
      const credentials: Record<string, { host: string; token: string }> = {}
      for (const [index, entry] of entries.entries()) {
        const { name, host, token } = CREDENTIAL.exec(entry)?.groups ?? {}
        if (name === undefined || host === undefined || token === undefined || !isHost(host)) {
          // Identified by its position, never by its text.
          context.addIssue(`entry ${index + 1} is not name@host=token`)
          return z.NEVER
        }
        credentials[name] = { host, token }
      }
      return credentials
    })
    .prefault('')
    .describe(
      'Credentials that workspace.git.credential may name: name@host=token, comma-separated. A token is only sent to its host.',
    ),
  TUTTI_API_KEYS: z
    .string()
    .transform((text, context) => {
      try {
        return parseApiKeys(text)
      } catch (error) {
        context.addIssue(error instanceof Error ? error.message : 'is not a list of keys')
        return z.NEVER
      }
    })
    .prefault('')
    .describe(
      'tenant:sha256-of-key[:scope+scope], comma-separated; the scopes are read, write and admin. When empty, the service only listens on a loopback address.',
    ),
  TUTTI_CORS_ORIGINS: list
    .pipe(z.array(z.string().refine(isOrigin, 'must be an origin, as in https://app.example')))
    .prefault('')
    .describe('Origins whose pages may call the API; none by default.'),
  TUTTI_WEBHOOK_SECRET: z
    .string()
    .transform((text) => text.split(',').map((secret) => secret.trim()))
    .pipe(
      z.array(
        z
          .string()
          .regex(
            /^whsec_[A-Za-z0-9+/]{32,}={0,2}$/,
            'must be whsec_ and at least 24 bytes in base64',
          ),
      ),
    )
    .optional()
    .describe(
      'Secret that webhooks are signed with, as in Standard Webhooks: whsec_ and base64. To rotate it, give the new and the old one, comma-separated. Without it, plans cannot have a webhook.',
    ),
  TUTTI_WEBHOOK_ALLOW: list
    .pipe(z.array(z.string().refine(isRange, 'must be an address or a range, as in 10.0.0.0/8')))
    .prefault('')
    .describe('Private addresses or CIDR ranges that webhooks may be sent to; none by default.'),
  TUTTI_MAX_TASKS: count(1, 1_000_000)
    .default(DEFAULT_LIMITS.maxTasks)
    .describe('Maximum number of tasks in a plan.'),
  TUTTI_MAX_BODY_BYTES: count(1_024, 1_073_741_824)
    .default(DEFAULT_LIMITS.maxBodyBytes)
    .describe('Maximum size of a request body, in bytes.'),
  TUTTI_MAX_PROMPT_CHARS: count(1, 100_000_000)
    .default(DEFAULT_LIMITS.maxPromptChars)
    .describe("Maximum length of each of a task's texts, in characters."),
  TUTTI_MAX_CONTEXT_CHARS: count(1, 100_000_000)
    .default(DEFAULT_LIMITS.maxContextChars)
    .describe("Maximum length of a plan's shared context, in characters."),
  TUTTI_RETENTION_MS: count(1_000, 10 * 365 * DAY)
    .default(30 * DAY)
    .describe('How long a finished plan is kept, in milliseconds.'),
  TUTTI_REUSE_MAX_BYTES: count(0, 1e15)
    .default(1_000_000_000)
    .describe(
      'How many bytes of outputs later plans of a tenant can reuse by `cache`; the oldest ones go first.',
    ),
  TUTTI_RATE_LIMIT_PER_MINUTE: count(1, 1_000_000)
    .optional()
    .describe('Requests that a tenant may make per minute; unlimited when unset.'),
  TUTTI_TENANT_MAX_RUNNING: count(1, 10_000_000)
    .optional()
    .describe('Unfinished tasks that a tenant may have; unlimited when unset.'),
  TUTTI_TENANT_MAX_PLANS: count(1, 10_000_000)
    .optional()
    .describe('Stored plans that a tenant may have; unlimited when unset.'),
  TUTTI_METRICS_PORT: count(0, 65_535)
    .optional()
    .describe(
      'Turns on Prometheus metrics, at `/metrics` of the API and of each worker. This is the port of the workers; 0 for any free one.',
    ),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl()
    .optional()
    .describe(
      'Turns on OpenTelemetry traces: the address of an OTLP collector, as in http://localhost:4318. The other `OTEL_…` variables then apply too.',
    ),
  SHUTDOWN_GRACE_MS: count(0, 3_600_000)
    .default(20 * SECOND)
    .describe(
      'How long a worker that is told to stop waits for its running tasks, in milliseconds.',
    ),
  LOG_FORMAT: z
    .enum(['json', 'text'])
    .optional()
    .describe(
      '`json` writes one JSON object per line, `text` is for people. By default text on a terminal and json elsewhere.',
    ),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('Lowest level to log.'),
})
