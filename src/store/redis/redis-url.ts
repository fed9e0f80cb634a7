/** Where Redis is, according to `REDIS_URL`: one server, a Sentinel group, or a Cluster. */
export type RedisAddress =
  | ({ kind: 'server'; node: RedisNode; database: number } & Access)
  | ({ kind: 'sentinel'; sentinels: RedisNode[]; name: string; sentinelPassword?: string } & Access)
  | ({ kind: 'cluster'; nodes: RedisNode[] } & Access)

export interface RedisNode {
  host: string
  port: number
}

interface Access {
  username?: string
  password?: string
  tls: boolean
}

const PORT = 6379
const SENTINEL_PORT = 26379
const SCHEME = /^(?<scheme>redis\+sentinel|rediss?):\/\//

/**
 * Parses `redis://` and `rediss://` with one host (a server) or several, comma-separated, each with
 * or without the scheme (a Cluster), and `redis+sentinel://host,host/master-name`. Credentials are
 * those of the first host, percent-encoded.
 *
 * @throws {Error} with one sentence that never repeats the text, which may contain a password.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const scheme = SCHEME.exec(text)?.groups?.scheme
  if (scheme === undefined) {
    throw new Error('must begin with redis://, rediss:// or redis+sentinel://')
  }
  const entries = text
    .slice(scheme.length + 3)
    .split(',')
    .map((entry) => parseEntry(entry.trim(), scheme))
  const [first, ...others] = entries
  if (first === undefined) throw new Error('names no host')
  for (const { username, password } of others) {
    const isSame = username === first.username && password === first.password
    if (!isSame && (username !== '' || password !== '')) {
      throw new Error(
        'takes the credentials of its first host for all; in a password a comma is written %2C',
      )
    }
  }
  const access: Access = {
    ...(first.username === '' ? {} : { username: first.username }),
    ...(first.password === '' ? {} : { password: first.password }),
    tls: scheme === 'rediss',
  }
  if (scheme === 'redis+sentinel') return sentinelAddress(entries, access)
  const nodes = entries.map(({ host, port }) => ({ host, port: port ?? PORT }))
  const databases = entries.map(({ path }) => databaseOf(path))
  if (nodes.length === 1) {
    return { kind: 'server', node: nodes[0] as RedisNode, database: databases[0] ?? 0, ...access }
  }
  if (databases.some((database) => database !== 0)) {
    throw new Error('names a database, but a Cluster (several hosts) has only database 0')
  }
  return { kind: 'cluster', nodes, ...access }
}

interface Entry {
  host: string
  port: number | undefined
  username: string
  password: string
  path: string
  query: URLSearchParams
}

function parseEntry(entry: string, scheme: string): Entry {
  const own = SCHEME.exec(entry)?.groups?.scheme
  if (own !== undefined && own !== scheme) {
    throw new Error('mixes schemes: all hosts of one list are reached in the same way')
  }
  const rest = own === undefined ? entry : entry.slice(own.length + 3)
  if (!URL.canParse(`redis://${rest}`)) {
    throw new Error('names a host that cannot be read: each is [user:password@]host[:port]')
  }
  const { hostname, port, username, password, pathname, searchParams } = new URL(`redis://${rest}`)
  if (hostname === '') throw new Error('leaves out a host: each is [user:password@]host[:port]')
  return {
    // IPv6 addresses are in brackets.
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? undefined : Number(port),
    username: decoded(username),
    password: decoded(password),
    path: pathname.replace(/^\//, ''),
    query: searchParams,
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error('has a user or password with a % that is not percent-encoded; write it %25')
  }
}

function databaseOf(path: string): number {
  if (path === '') return 0
  if (!/^\d+$/.test(path)) throw new Error('names a database that is not a number')
  return Number(path)
}

function sentinelAddress(entries: Entry[], access: Access): RedisAddress {
  const last = entries.at(-1)
  if (entries.slice(0, -1).some(({ path }) => path !== '')) {
    throw new Error('names the master before the last sentinel; it is …host:26379,host:26379/name')
  }
  const sentinelPassword = last?.query.get('sentinelPassword')
  return {
    kind: 'sentinel',
    sentinels: entries.map(({ host, port }) => ({ host, port: port ?? SENTINEL_PORT })),
    name: last === undefined || last.path === '' ? 'mymaster' : decoded(last.path),
    ...(sentinelPassword ? { sentinelPassword } : {}),
    ...access,
  }
}
