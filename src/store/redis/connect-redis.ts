import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { parseRedisUrl, type RedisAddress } from './redis-url.ts'
import { writeTogether } from './write-together.ts'

/** One server, the master of a Sentinel group, or a Cluster: all take the same commands. */
export type RedisClient = Redis | Cluster

type ClusterAddress = Extract<RedisAddress, { kind: 'cluster' }>

/** Quick at first, because a restart takes seconds; never more than a second apart. */
const pauseBefore = (attempt: number) => Math.min(50 * attempt, 1_000)
/** How soon callers find the new master of part of a Cluster, or the old one once it is back. */
const CALLERS_REFRESH_MS = 1_000
/** How often workers try to reach a part of a Cluster that is down. */
const WORK_RETRY_MS = 100

/**
 * Connects a process that answers callers: commands fail at once while Redis is down, so that a
 * caller gets a 503 instead of a request that hangs. Resolves once connected, because BullMQ waits
 * without limit for a connection that was never up.
 */
export async function connectForCallers(
  url: string,
  onError: (error: Error) => void,
): Promise<RedisClient> {
  const address = parseRedisUrl(url)
  const options = {
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 2_000,
    commandTimeout: 10_000,
  }
  if (address.kind !== 'cluster') {
    const redis = newRedis(address, { ...options, enableOfflineQueue: false })
    return opened(redis, onError)
  }
  const cluster = newCluster(address, options, {
    enableOfflineQueue: false,
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    slotsRefreshInterval: CALLERS_REFRESH_MS,
  })
  // Nodes are connected before they are needed: commands sent while one connects are rejected.
  const connectNodes = () => {
    if (cluster.status !== 'ready') return
    for (const node of cluster.nodes()) {
      if (node.status === 'wait') node.connect().catch(() => undefined)
    }
  }
  cluster.on('ready', connectNodes)
  cluster.on('+node', connectNodes)
  await opened(cluster, onError)
  await Promise.allSettled(cluster.nodes('master').map((node) => node.ping()))
  return cluster
}

/** Connects a process that can wait: commands wait until Redis is back. */
export async function connectForWork(
  url: string,
  onError: (error: Error) => void,
): Promise<RedisClient> {
  const address = parseRedisUrl(url)
  const options = { maxRetriesPerRequest: null }
  if (address.kind !== 'cluster') return opened(newRedis(address, options), onError)
  const cluster = newCluster(address, options, {
    maxRedirections: Number.POSITIVE_INFINITY,
    retryDelayOnFailover: WORK_RETRY_MS,
    retryDelayOnClusterDown: WORK_RETRY_MS,
    // Two nodes that do not agree on the master yet send a command back and forth.
    retryDelayOnMoved: 10,
    // A command that fails or is redirected triggers a refresh.
    slotsRefreshInterval: 0,
  })
  return opened(cluster, onError)
}

/**
 * Connects for listening only. Emits `ready` whenever it starts to listen again. In a Cluster every
 * node gets all messages, so this connects to any of the given nodes, and to the next one when the
 * connection ends.
 */
export async function connectForEvents(
  url: string,
  onError: (error: Error) => void,
): Promise<Redis> {
  const address = parseRedisUrl(url)
  const options = { maxRetriesPerRequest: null }
  if (address.kind !== 'cluster') return opened(newRedis(address, options), onError)
  let turns = 0
  const nodeOf = (turn: number) => address.nodes[turn % address.nodes.length]
  const redis = new Redis({
    ...accessOf(address),
    ...options,
    ...nodeOf(turns),
    lazyConnect: true,
    connectTimeout: 2_000,
    retryStrategy(attempt) {
      turns += 1
      // Read again on each connect.
      Object.assign(redis.options, nodeOf(turns))
      return pauseBefore(attempt)
    },
  })
  redis.on('error', onError)
  const ready = new Promise((resolve) => redis.once('ready', resolve))
  // The first may be down; the others are tried in turn.
  redis.connect().catch(() => undefined)
  await ready
  return redis
}

async function opened<Client extends RedisClient>(
  redis: Client,
  onError: (error: Error) => void,
): Promise<Client> {
  redis.on('error', onError)
  redis.on('node error', onError)
  if (redis instanceof Cluster) redis.on('+node', writeTogether)
  else writeTogether(redis)
  await redis.connect()
  return redis
}

function newRedis(
  address: Exclude<RedisAddress, ClusterAddress>,
  options: Omit<RedisOptions, 'replyMapping'>,
): Redis {
  const place: Omit<RedisOptions, 'replyMapping'> =
    address.kind === 'server'
      ? { ...address.node, db: address.database }
      : {
          sentinels: address.sentinels,
          name: address.name,
          ...(address.sentinelPassword === undefined
            ? {}
            : { sentinelPassword: address.sentinelPassword }),
          // The master became a replica: reconnect to the current master.
          reconnectOnError: (error) => (error.message.startsWith('READONLY') ? 2 : false),
        }
  return new Redis({
    ...accessOf(address),
    ...place,
    lazyConnect: true,
    retryStrategy: pauseBefore,
    ...options,
  })
}

function newCluster(
  address: ClusterAddress,
  redisOptions: Omit<NonNullable<ClusterOptions['redisOptions']>, 'replyMapping'>,
  options: Omit<ClusterOptions, 'redisOptions'>,
): Cluster {
  return new Cluster(address.nodes, {
    redisOptions: { ...accessOf(address), ...redisOptions },
    lazyConnect: true,
    clusterRetryStrategy: pauseBefore,
    // If enabled, `connect` never settles while a Cluster is incomplete, and BullMQ waits for it
    // for ever. Without it, commands get CLUSTERDOWN, and fail or wait like those of a node that is
    // down.
    enableReadyCheck: false,
    // Keep host names: certificates are issued for names.
    dnsLookup: (name, done) => done(null, name),
    ...options,
  })
}

function accessOf({ username, password, tls }: RedisAddress) {
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
  }
}
