import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { Redis } from 'ioredis'
import type { Logger } from 'pino'

/** The private Redis as another run of `npm start` finds it: this one may have been killed. */
interface Known {
  port: number
  password: string
}

const SERVERS = ['redis-server', 'valkey-server']

/**
 * A Redis for one machine, with its append-only file under the data directory, reachable on the
 * loopback with a password of its own. Started again when it dies. One that an earlier run left
 * behind is taken over.
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
  if (known !== undefined && (await answers(url))) {
    log.info({ port: known.port }, 'private redis taken over')
    return { url, stop: () => shutdown(url) }
  }
  await writeFile(file, JSON.stringify(connection), { mode: 0o600 })
  const config = resolve(dir, 'redis.conf')
  // In a file, because a command line can be read by everyone on the machine.
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
  const launch = async (): Promise<void> => {
    server = await spawnServer(config)
    server.once('exit', (code, signal) => {
      if (stopping) return
      log.error({ code, signal }, 'private redis died, starting it again')
      setTimeout(() => {
        if (stopping) return
        launch().catch((err: unknown) => log.fatal({ err }, 'private redis cannot be started'))
      }, 100)
    })
  }
  await launch()
  await waitUntilUp(url)
  log.info({ port: connection.port }, 'private redis started')
  return {
    url,
    async stop() {
      stopping = true
      const exited = new Promise((done) => server?.once('exit', done))
      server?.kill('SIGTERM')
      if (server?.exitCode === null) await exited
    },
  }
}

async function spawnServer(config: string): Promise<ChildProcess> {
  for (const command of SERVERS) {
    // Detached: Ctrl-C in a terminal reaches a whole process group, and this one must end last.
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

async function answers(url: string): Promise<boolean> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    return (await redis.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    redis.disconnect()
  }
}

async function waitUntilUp(url: string): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!(await answers(url))) {
    if (Date.now() > deadline) throw new Error('the private redis did not come up within a minute')
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function shutdown(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.shutdown()
  } catch {
    // It closes the connection instead of answering.
  } finally {
    redis.disconnect()
  }
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
