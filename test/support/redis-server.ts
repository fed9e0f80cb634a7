import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    redisUrl: string
  }
}

/** A separate Redis on a free port, with its append-only file in its own folder. */
export interface RedisServer {
  url: string
  port: number
  dataDir: string
  /** Ends the process at once, as `kill -9` does, and keeps its files. */
  kill(): Promise<void>
  /** Starts it again on the same port and files. */
  restart(): Promise<void>
  /** Ends it and removes its files. */
  stop(): Promise<void>
}

/** `more`: further arguments of `redis-server`. */
export async function startRedisServer(more: readonly string[] = []): Promise<RedisServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tutti-redis-'))
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  let server = await launchRedis(port, dataDir, more)
  const kill = () => killProcess(server)
  return {
    url,
    port,
    dataDir,
    kill,
    async restart() {
      await kill()
      server = await launchRedis(port, dataDir, more)
    },
    async stop() {
      await kill()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

export async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}

/** Resolves once it answers and has read its files. */
export async function launchRedis(
  port: number,
  dataDir: string,
  more: readonly string[] = [],
  password?: string,
): Promise<ChildProcess> {
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', dataDir, '--save', '', ...more]
  const server = spawn(
    process.env['TUTTI_REDIS_SERVER'] ?? 'redis-server',
    [...args, '--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    { stdio: 'ignore' },
  )
  const failed = new Promise<never>((_, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`redis-server exited with ${code}`)))
  })
  failed.catch(() => {})
  const redis = new Redis(port, '127.0.0.1', {
    ...(password === undefined ? {} : { password }),
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
  })
  redis.on('error', () => {})
  try {
    await Promise.race([redis.ping(), failed])
    // A restarted server answers with LOADING until its append-only file is read.
    while (true) {
      const loading = await Promise.race([redis.info('persistence'), failed])
      if (loading.includes('loading:0')) break
    }
  } finally {
    redis.disconnect()
  }
  return server
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      )
    })
  })
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startRedisServer()
  project.provide('redisUrl', server.url)
  return () => server.stop()
}
