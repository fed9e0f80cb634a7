import type { ChildProcess } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { freePort, killProcess, launchRedis } from './redis-server.ts'

const SLOTS = 16_384
const NODE_TIMEOUT_MS = 2_000

/** A Redis Cluster of our own: masters that share the slots, and at most one replica each. */
export interface RedisCluster {
  /** All nodes as one list, as `REDIS_URL` takes it. */
  url: string
  masters: ClusterNode[]
  replicas: ClusterNode[]
  /** Resolves once all nodes say that the cluster is up. */
  up(): Promise<void>
  stop(): Promise<void>
}

export interface ClusterNode {
  port: number
  /** A connection to this node alone. */
  redis: Redis
  kill(): Promise<void>
  restart(): Promise<void>
}

export async function startRedisCluster(options: {
  masters: number
  replicas?: boolean
  password?: string
  /** After so long without an answer the other nodes take one for dead; 2 s if omitted. */
  nodeTimeoutMs?: number
}): Promise<RedisCluster> {
  const root = await mkdtemp(join(tmpdir(), 'tutti-cluster-'))
  const count = options.masters * (options.replicas === true ? 2 : 1)
  const nodes: ClusterNode[] = []
  const { password, nodeTimeoutMs = NODE_TIMEOUT_MS } = options
  for (let index = 0; index < count; index += 1) {
    nodes.push(await startNode(await mkdtemp(join(root, 'node-')), nodeTimeoutMs, password))
  }
  const masters = nodes.slice(0, options.masters)
  const replicas = nodes.slice(options.masters)
  await Promise.all(
    masters.map(async ({ redis }, index) => {
      const share = SLOTS / masters.length
      const [from, to] = [Math.floor(index * share), Math.floor((index + 1) * share) - 1]
      await redis.cluster('ADDSLOTSRANGE', from, to)
      await redis.cluster('SET-CONFIG-EPOCH', index + 1)
    }),
  )
  await until(async () => {
    const known = await knownNodes(nodes)
    if (known.every((number) => number === count)) return true
    // A handshake on a busy machine can run out of time.
    await Promise.all(nodes.slice(1).map(({ redis }) => meet(redis, nodes[0] as ClusterNode)))
    return false
  }, 500)
  await Promise.all(
    replicas.map(async ({ redis }, index) => {
      const id = await masters[index]?.redis.cluster('MYID')
      await redis.cluster('REPLICATE', String(id))
    }),
  )
  const up = () =>
    until(async () => {
      const infos = await Promise.all(nodes.map(({ redis }) => redis.cluster('INFO')))
      return infos.every((info) => String(info).includes('cluster_state:ok'))
    })
  await up()
  await until(async () => {
    const infos = await Promise.all(replicas.map(({ redis }) => redis.info('replication')))
    return infos.every((info) => info.includes('master_link_status:up'))
  })
  const [first, ...others] = nodes.map(({ port }) => `127.0.0.1:${port}`)
  const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`
  return {
    url: [`redis://${credentials}${first}`, ...others].join(','),
    masters,
    replicas,
    up,
    async stop() {
      for (const { redis } of nodes) redis.disconnect()
      await Promise.all(nodes.map((node) => node.kill()))
      await rm(root, { recursive: true, force: true })
    },
  }
}

async function startNode(
  dataDir: string,
  nodeTimeoutMs: number,
  password?: string,
): Promise<ClusterNode> {
  const port = await freePort()
  const args = [
    ...['--cluster-enabled', 'yes', '--cluster-config-file', 'nodes.conf'],
    // Not the default, the port plus 10,000: that may be taken, or too high.
    ...['--cluster-port', `${await freePort()}`, '--cluster-node-timeout', `${nodeTimeoutMs}`],
    ...(password === undefined ? [] : ['--requirepass', password, '--masterauth', password]),
  ]
  let server: ChildProcess = await launchRedis(port, dataDir, args, password)
  const redis = new Redis(port, '127.0.0.1', {
    ...(password === undefined ? {} : { password }),
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  })
  redis.on('error', () => {})
  return {
    port,
    redis,
    kill: () => killProcess(server),
    async restart() {
      await killProcess(server)
      server = await launchRedis(port, dataDir, args, password)
    },
  }
}

async function meet(redis: Redis, { port, redis: other }: ClusterNode): Promise<void> {
  const [, busPort] = (await other.config('GET', 'cluster-port')) as string[]
  await redis.cluster('MEET', '127.0.0.1', port, Number(busPort))
}

function knownNodes(nodes: readonly ClusterNode[]): Promise<number[]> {
  return Promise.all(
    nodes.map(async ({ redis }) => {
      const lines = String(await redis.cluster('NODES'))
        .trim()
        .split('\n')
      return lines.filter((line) => !line.includes('handshake')).length
    }),
  )
}

async function until(holds: () => Promise<boolean>, everyMs = 50): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, everyMs))
}
