import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, killProcess, launchRedis } from './redis-server.ts'

const NAME = 'main'
const PASSWORD = 'p@ss,word'
const SENTINEL_PASSWORD = 'other/word'

/** A master, a replica and three sentinels over them, all of our own and behind passwords. */
export interface RedisGroup {
  /** As `REDIS_URL` takes it. */
  url: string
  /** Ends the master at once, as `kill -9` does. */
  killMaster(): Promise<void>
  /** Asks the sentinels to make the replica the master; the old one lives on. */
  failOver(): Promise<void>
  stop(): Promise<void>
}

export async function startRedisGroup(): Promise<RedisGroup> {
  const root = await mkdtemp(join(tmpdir(), 'tutti-sentinel-'))
  const processes: ChildProcess[] = []
  const folder = () => mkdtemp(join(root, 'part-'))
  const auth = ['--requirepass', PASSWORD, '--masterauth', PASSWORD]
  const [masterPort, replicaPort] = [await freePort(), await freePort()]
  const master = await launchRedis(masterPort, await folder(), auth, PASSWORD)
  const replicaOf = ['--replicaof', '127.0.0.1', `${masterPort}`]
  const replica = await launchRedis(replicaPort, await folder(), [...auth, ...replicaOf], PASSWORD)
  processes.push(master, replica)
  const toReplica = connect(replicaPort, PASSWORD)
  await until(async () => (await toReplica.info('replication')).includes('master_link_status:up'))
  const ports: number[] = []
  for (let index = 0; index < 3; index += 1) {
    const port = await freePort()
    ports.push(port)
    processes.push(await launchSentinel(port, await folder(), masterPort))
  }
  const sentinel = connect(ports[0] ?? 0, SENTINEL_PASSWORD)
  await until(async () => {
    const entries = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as string[]
    const told = (field: string) => entries[entries.indexOf(field) + 1]
    return told('num-other-sentinels') === '2' && told('num-slaves') === '1'
  })
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',')
  const query = `sentinelPassword=${encodeURIComponent(SENTINEL_PASSWORD)}`
  return {
    url: `redis+sentinel://:${encodeURIComponent(PASSWORD)}@${hosts}/${NAME}?${query}`,
    killMaster: () => killProcess(master),
    async failOver() {
      await sentinel.call('SENTINEL', 'FAILOVER', NAME)
      await until(async () => (await toReplica.info('replication')).includes('role:master'))
    },
    async stop() {
      sentinel.disconnect()
      toReplica.disconnect()
      await Promise.all(processes.map(killProcess))
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function launchSentinel(
  port: number,
  dir: string,
  masterPort: number,
): Promise<ChildProcess> {
  const file = join(dir, 'sentinel.conf')
  await writeFile(
    file,
    [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${dir}`,
      `requirepass ${SENTINEL_PASSWORD}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${masterPort} 2`,
      `sentinel auth-pass ${NAME} ${PASSWORD}`,
      `sentinel down-after-milliseconds ${NAME} 1000`,
      `sentinel failover-timeout ${NAME} 5000`,
    ].join('\n'),
  )
  const command = process.env.TUTTI_REDIS_SERVER ?? 'redis-server'
  const child = spawn(command, [file, '--sentinel'], { stdio: 'ignore' })
  const redis = connect(port, SENTINEL_PASSWORD)
  await redis.ping()
  redis.disconnect()
  return child
}

function connect(port: number, password: string): Redis {
  const redis = new Redis(port, '127.0.0.1', {
    password,
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
    // A sentinel has no `INFO` section about loading.
    enableReadyCheck: false,
  })
  redis.on('error', () => {})
  return redis
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}
