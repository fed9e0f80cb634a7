import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'

/** How another run of `npm start` can find the private Redis. */
interface Known {
  port: number
  password: string
}

const SERVERS = ['redis-server', 'valkey-server']
const RESTART_MS = 100
/** The connection name of runs that share a private Redis. */
const RUN_NAME = 'tutti-run'

/**
 * A Redis for one machine, with its append-only file in the data directory, reachable on the
 * loopback with a password of its own. It is restarted when it dies. One that another run started
 * is reused, and restarted too: that run may have been killed. The last run to end stops it.
 */
export async function startPrivateRedis(
  dataDir: string,
  log: Logger,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const dir = resolve(dataDir, 'redis')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const file = resolve(dir, 'connection.json')
  const known = await readKnown(file)
  const connection = known ?? { port: await freePort(), password: randomBytes(24).toString('hex') }
  const url = `redis://:${connection.password}@127.0.0.1:${connection.port}`
  await writeFile(file, JSON.stringify(connection), { mode: 0o600 })
  const config = resolve(dir, 'redis.conf')
  // In a file, because everyone on the machine can read a command line.
  await writeFile(
    config,
    [
      'bind 127.0.0.1',
      `port ${connection.port}`,
      `requirepass ${connection.password}`,
      `dir ${JSON.stringify(dir)}`,
      'appendonly yes',
      'appendfsync everysec',
      'maxmemory-policy noeviction',
      'save ""',
      'loglevel warning',
    ].join('\n'),
    { mode: 0o600 },
  )

  let stopping = false
  let server: ChildProcess | undefined
  let watching: Redis | undefined
  let restarting: Promise<unknown> = Promise.resolve()
  const gone = (cause: object): void => {
    if (stopping) return
    log.error(cause, 'private redis died, starting it again')
    setTimeout(() => {
      if (stopping) return
      restarting = keepUp().catch((err: unknown) =>
        log.fatal({ err }, 'private redis cannot be started'),
      )
    }, RESTART_MS)
  }
  const keepUp = async (): Promise<'started' | 'taken over'> => {
    watching = await connect(url, RUN_NAME)
    server = undefined
    if (watching !== undefined) {
      watching.once('close', () => gone({ port: connection.port }))
      return 'taken over'
    }
    server = await spawnServer(config)
    server.once('exit', (code, signal) => gone({ code, signal }))
    await waitUntilUp(url)
    watching = await connect(url, RUN_NAME)
    return 'started'
  }
  const how = await keepUp()
  log.info({ port: connection.port }, `private redis ${how}`)
  return {
    url,
    async stop() {
      stopping = true
      // It would connect under the name that tells of another run.
      await restarting
      // Before it looks for others, so that of two runs that end at the same time at least one
      // finds no other.
      watching?.disconnect()
      if (await isUsedByAnotherRun(url)) {
        server?.unref()
        log.info({ port: connection.port }, 'private redis is left to another run')
        return
      }
      if (server === undefined) return shutdown(url)
      if (server.exitCode !== null || server.signalCode !== null) return
      const exited = new Promise((done) => server?.once('exit', done))
      server.kill('SIGTERM')
      await exited
    },
  }
}

async function isUsedByAnotherRun(url: string): Promise<boolean> {
  const redis = await connect(url)
  try {
    const clients = String((await redis?.client('LIST')) ?? '')
    return new RegExp(` name=${RUN_NAME} `).test(clients)
  } catch {
    return false
  } finally {
    redis?.disconnect()
  }
}

async function spawnServer(config: string): Promise<ChildProcess> {
  for (const command of SERVERS) {
    // Detached, because Ctrl-C in a terminal reaches the whole process group, and Redis must end
    // last.
    const server = spawn(command, [config], { stdio: 'ignore', detached: true })
    const started = await new Promise<boolean>((done) => {
      server.once('spawn', () => done(true))
      server.once('error', () => done(false))
    })
    if (started) return server
  }
  throw new Error(
    'neither redis-server nor valkey-server is installed; install one, or set REDIS_URL',
  )
}

async function readKnown(file: string): Promise<Known | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Known
  } catch {
    return undefined
  }
}

/** A connection that does not reconnect; undefined if nothing answers. */
async function connect(url: string, connectionName?: string): Promise<Redis | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    ...(connectionName === undefined ? {} : { connectionName }),
  })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    if ((await redis.ping()) === 'PONG') return redis
  } catch {
    // Not there, or about to end.
  }
  redis.disconnect()
  return undefined
}

async function answers(url: string): Promise<boolean> {
  const redis = await connect(url)
  redis?.disconnect()
  return redis !== undefined
}

async function waitUntilUp(url: string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await answers(url))) {
    if (Date.now() > deadline) throw new Error('the private redis did not come up within a minute')
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function shutdown(url: string): Promise<void> {
  const redis = await connect(url)
  // It closes the connection instead of answering.
  await redis?.shutdown().catch(() => undefined)
  redis?.disconnect()
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address !== null
          ? done(address.port)
          : fail(new Error('no free port')),
      )
    })
  })
}
