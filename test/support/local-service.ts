import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pino } from 'pino'
import type { Api } from '../../src/core/contract/api.ts'
import type { Executor } from '../../src/core/ports/executor.ts'
import { NO_TRACER } from '../../src/core/ports/tracing.ts'
import { loadConfig } from '../../src/main/config.ts'
import { createLifecycle } from '../../src/main/lifecycle.ts'
import { openApi } from '../../src/main/open/open-api.ts'
import type { Executors } from '../../src/main/open/open-executors.ts'
import { openReading } from '../../src/main/open/open-reading.ts'
import { openWorker } from '../../src/main/open/open-worker.ts'
import { openWorkspaces } from '../../src/main/open/open-workspaces.ts'

/** The API and a worker in this process, with executors of the test. */
export interface LocalService {
  api: Api
  redis: Redis
  /** What it logged, as lines of JSON, warnings and worse. */
  log: string[]
  keys(): Promise<string[]>
  /** Another worker. */
  startWorker(): Promise<void>
  close(): Promise<void>
}

export async function openLocalService(
  redisUrl: string,
  executors: readonly [Executor, ...Executor[]],
  env: Record<string, string> = {},
): Promise<LocalService> {
  const prefix = `test-${randomUUID().slice(0, 8)}`
  const dataDir = join(tmpdir(), `tutti-local-${randomUUID()}`)
  const config = loadConfig({
    REDIS_URL: redisUrl,
    TUTTI_PREFIX: prefix,
    TUTTI_DATA_DIR: dataDir,
    SHUTDOWN_GRACE_MS: '0',
    ...env,
  })
  const log: string[] = []
  const logger = pino(
    { level: 'warn', base: null, timestamp: false },
    { write: (line: string) => log.push(line.trim()) },
  )
  const lifecycle = createLifecycle(logger)
  const redis = new Redis(redisUrl)
  const all: Executors = {
    byName: new Map(executors.map((executor) => [executor.name, executor])),
    defaultName: executors[0].name,
    synthesizer: undefined,
    resolver: undefined,
    verifier: undefined,
    planner: undefined,
    onHold: () => {},
    closeBatches: async () => {},
  }
  const workspaces = openWorkspaces(config, process.env, logger)
  const common = { config, redisUrl, executors: all, workspaces, lifecycle, log: logger }
  const { api } = await openApi({ ...common, tracer: NO_TRACER })
  const reading = openReading(logger)
  lifecycle.onClose('reading', () => reading.close())
  const startWorker = () => openWorker({ ...common, reading, tracer: NO_TRACER })
  await startWorker()
  return {
    api,
    redis,
    log,
    keys: () => redis.keys(`{${prefix}:*`),
    startWorker,
    async close() {
      await lifecycle.close()
      redis.disconnect()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
