import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { type Clock, VirtualTimer } from './clock.ts'

/**
 * What one process of the service would have to itself. Several run inside a test process: whatever is
 * opened, or set as a timer, inside `inScope` belongs to the scope, so that one can be killed and its
 * clock be moved while the others go on.
 */
export interface Scope {
  clock: Clock
  connections: Set<Redis>
}

/** Timers shorter than this are the service's own ticking, and run on the real clock. */
const SHORTEST_VIRTUAL_MS = 60_000
const MOVED_TIME = readFileSync(new URL('./moved-time.lua', import.meta.url), 'utf8')

const scopes = new AsyncLocalStorage<Scope>()
const clocks = new WeakMap<Redis, Clock>()

export function inScope<T>(scope: Scope, run: () => T): T {
  return scopes.run(scope, run)
}

/** Ends all connections of a scope at once, as the end of its process would. */
export function cutConnections({ connections }: Scope): void {
  for (const redis of connections) redis.disconnect()
}

/**
 * Breaks the sockets: commands under way may have been done or not, and are sent again or fail. Resolves
 * once all are connected again.
 */
export async function breakSockets({ connections }: Scope): Promise<void> {
  const open = [...connections].filter(({ status }) => status === 'ready')
  const again = open.map((redis) => once(redis, 'ready'))
  for (const redis of open) redis.stream.destroy()
  await Promise.all(again)
}

const withMovedTime = (lua: string) => lua.replaceAll("redis.call('TIME')", MOVED_TIME.trim())

/** Makes this test process able to hold scopes. Called once. */
export function enableScopes(): void {
  const { connect, defineCommand, time } = Redis.prototype
  Redis.prototype.connect = function (this: Redis, ...args: []) {
    const scope = scopes.getStore()
    if (scope !== undefined) {
      scope.connections.add(this)
      clocks.set(this, scope.clock)
    }
    return connect.apply(this, args)
  } as typeof connect
  // Every script reads the time where it is moved.
  const moved = new Map<string, string>()
  Redis.prototype.defineCommand = function (this: Redis, name, definition) {
    const lua = moved.get(definition.lua) ?? withMovedTime(definition.lua)
    moved.set(definition.lua, lua)
    return defineCommand.call(this, name, { ...definition, lua })
  } as typeof defineCommand
  Redis.prototype.time = async function (this: Redis) {
    const [seconds, micros] = (await time.call(this)) as unknown as [string, string]
    const movedSeconds = (clocks.get(this)?.movedMs ?? 0) / 1_000
    return [`${Number(seconds) + movedSeconds}`, micros]
  } as unknown as typeof time

  const { setTimeout: set, clearTimeout: clear } = globalThis
  const patched = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) => {
    const clock = ms < SHORTEST_VIRTUAL_MS ? undefined : scopes.getStore()?.clock
    return clock === undefined ? set(run, ms, ...args) : clock.setTimeout(() => run(...args), ms)
  }
  globalThis.setTimeout = Object.assign(patched, set) as unknown as typeof set
  globalThis.clearTimeout = (timer) => {
    if ((timer as unknown) instanceof VirtualTimer) (timer as unknown as VirtualTimer).clear()
    else clear(timer)
  }
}
