import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { type Logger, pino } from 'pino'
import { NO_TRACER } from '../../src/core/ports/tracing.ts'
import { type Config, loadConfig } from '../../src/main/config.ts'
import { createLifecycle } from '../../src/main/lifecycle.ts'
import type { Executors } from '../../src/main/open/open-executors.ts'
import { openReading } from '../../src/main/open/open-reading.ts'
import { openWorker } from '../../src/main/open/open-worker.ts'
import { openWorkspaces } from '../../src/main/open/open-workspaces.ts'
import { Clock } from './clock.ts'
import { type ModelApi, openModelApi } from './open-model-api.ts'
import { type Puppet, puppetExecutor } from './puppets.ts'
import { breakSockets, cutConnections, inScope, type Scope } from './scope.ts'

/** The whole service in this process, with a database of Redis, a clock and executors of its own. */
export interface World {
  api: ModelApi
  /** Of the test itself. */
  redis: Redis
  clock: Clock
  /** Attempts that run, in every worker. */
  puppets: Set<Puppet>
  /** What the service logged, as lines of JSON, warnings and worse. */
  log: string[]
  workers: RunningWorker[]
  /** Of the queues. */
  prefix: string
  keyOf(planId: string): string
  startWorker(): Promise<void>
  /** Breaks those of the API and of all workers, and resolves once there are new ones. */
  breakConnections(): Promise<void>
  /** Resolves once something may have changed, at the latest after `ms`. */
  changed(ms: number): Promise<void>
  close(): Promise<void>
}

export interface RunningWorker {
  scope: Scope
  /** As SIGTERM does: resolves once it has closed. */
  end(): Promise<void>
  /** As SIGKILL does: it says nothing more. */
  kill(): Promise<void>
}

export async function openWorld(redisUrl: string, database: number): Promise<World> {
  const url = `${redisUrl}/${database}`
  const prefix = `w${database}`
  const config = loadConfig({
    REDIS_URL: url,
    TUTTI_PREFIX: prefix,
    TUTTI_DATA_DIR: join(tmpdir(), `tutti-model-${randomUUID()}`),
    SHUTDOWN_GRACE_MS: '0',
  })
  const log: string[] = []
  const logger = pino(
    { level: 'warn', base: null, timestamp: false },
    { write: (line: string) => log.push(line.trim()) },
  )
  const clock = new Clock()
  const puppets = new Set<Puppet>()
  const redis = new Redis(url)
  const subscriber = new Redis(url)
  let wake = () => {}
  const onChange = () => wake()
  await subscriber.subscribe(`{${prefix}:s0}:changes`)
  subscriber.on('message', onChange)

  const deps = { config, url, clock, puppets, onChange, logger }
  const lifecycle = createLifecycle(logger)
  const scope: Scope = { clock, connections: new Set() }
  const api = await inScope(scope, () =>
    openModelApi({ config, url, executors: executorsOf(undefined, deps), lifecycle, log: logger }),
  )
  const workers: RunningWorker[] = []
  return {
    api,
    redis,
    clock,
    puppets,
    log,
    workers,
    prefix: `{${prefix}:s0}`,
    keyOf: (planId) => `{${prefix}:s0}:plan:${planId}`,
    async startWorker() {
      workers.push(await startWorker(deps, workers))
    },
    async breakConnections() {
      await Promise.all([scope, ...workers.map((worker) => worker.scope)].map(breakSockets))
    },
    changed(ms) {
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.end()))
      await lifecycle.close()
      redis.disconnect()
      subscriber.disconnect()
    },
  }
}

interface Deps {
  config: Config
  url: string
  clock: Clock
  puppets: Set<Puppet>
  onChange: () => void
  logger: Logger
}

function executorsOf(owner: unknown, { puppets, onChange }: Deps): Executors {
  const both = (['io', 'cpu'] as const).map((lane) =>
    puppetExecutor(lane, owner, puppets, onChange),
  )
  return {
    byName: new Map(both.map((executor) => [executor.name, executor])),
    defaultName: 'puppet',
    synthesizer: undefined,
    resolver: undefined,
    verifier: undefined,
    planner: undefined,
    closeBatches: async () => {},
    onHold: () => {},
  }
}

async function startWorker(deps: Deps, workers: RunningWorker[]): Promise<RunningWorker> {
  const { config, url, clock, puppets, logger } = deps
  const scope: Scope = { clock, connections: new Set() }
  // What a process logs after it was killed, nobody reads.
  const log = logger.child({})
  const lifecycle = createLifecycle(log)
  const reading = openReading(log)
  lifecycle.onClose('reading', () => reading.close())
  await inScope(scope, () =>
    openWorker({
      config,
      redisUrl: url,
      executors: executorsOf(scope, deps),
      workspaces: openWorkspaces(config, {}, log),
      reading,
      lifecycle,
      log,
      tracer: NO_TRACER,
    }),
  )
  const leave = () => {
    const at = workers.findIndex((worker) => worker.scope === scope)
    if (at >= 0) workers.splice(at, 1)
  }
  return {
    scope,
    async end() {
      leave()
      await lifecycle.close()
    },
    async kill() {
      leave()
      log.level = 'silent'
      cutConnections(scope)
      for (const puppet of puppets) if (puppet.owner === scope) puppet.vanish()
      // Its timers; nothing that it would tell Redis comes through.
      await lifecycle.close().catch(() => undefined)
    },
  }
}
