import fc from 'fast-check'
import { Redis } from 'ioredis'
import { startRedisServer } from '../support/redis-server.ts'
import type { Command } from './commands.ts'
import { play } from './play.ts'
import { enableScopes } from './scope.ts'
import { openWorld, type World } from './world.ts'

enableScopes()

/** Longer than it takes until a dead worker's jobs are taken back, or any sequence with one would fail. */
const SHRINKING_REST_MS = 20_000

/**
 * Plays the first `count` random sequences of a seed, several at the same time, each in a world of its
 * own. One that fails is made shorter, and printed as a test.
 */
export async function explore(options: {
  sequences: fc.Arbitrary<Command[]>
  count: number
  seed: number
  atOnce?: number
}): Promise<void> {
  const { sequences, count, seed, atOnce = 12 } = options
  const all = fc.sample(sequences, { seed, numRuns: count })
  const server = await startModelRedis()
  let next = 0
  let failure: { at: number; error: unknown } | undefined
  async function playSome(lane: number): Promise<void> {
    const world = await freshWorld(server.url, lane)
    while (failure === undefined && next < count) {
      const at = next
      next += 1
      try {
        await play(world.is, all[at] ?? [])
      } catch (error) {
        failure ??= { at, error }
        await world.renew()
      }
    }
    await world.is.close()
  }
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, (_, lane) => playSome(lane)))
    if (failure === undefined) return
    const world = await freshWorld(server.url, atOnce)
    const path = `${failure.at}`
    const shorter =
      process.env.SHRINK === '0' ? undefined : await shrunk(world, sequences, { seed, path })
    await world.is.close()
    // A shorter one may fail for another reason.
    const first = `First, sequence ${failure.at} failed: ${String(failure.error)}`
    throw new Error(`${first}\n${failureOf(shorter?.commands ?? all[failure.at] ?? [], seed)}`, {
      cause: shorter?.error ?? failure.error,
    })
  } finally {
    await server.stop()
  }
}

/** A shorter sequence that fails; nothing if it does not fail again. */
async function shrunk(
  world: Awaited<ReturnType<typeof freshWorld>>,
  sequences: fc.Arbitrary<Command[]>,
  from: { seed: number; path: string },
): Promise<{ commands: Command[]; error: unknown } | undefined> {
  const property = fc.asyncProperty(sequences, async (commands) => {
    try {
      // It is played many times more, and is not waited for as long.
      await play(world.is, commands, SHRINKING_REST_MS)
    } catch (error) {
      await world.renew()
      throw error
    }
  })
  const details = await fc.check(property, {
    ...from,
    numRuns: 1,
    interruptAfterTimeLimit: 10 * 60_000,
  })
  const [commands] = details.counterexample ?? []
  return commands && { commands, error: details.errorInstance }
}

/** A Redis with many databases, because each world needs its own. */
const startModelRedis = () => startRedisServer(['--databases', '64'])

/** A world, and a new one in its place after a sequence that left it in disorder. */
async function freshWorld(redisUrl: string, database: number) {
  const open = async () => {
    const world = await openWorld(redisUrl, database)
    await world.startWorker()
    return world
  }
  let is: World = await open()
  return {
    get is() {
      return is
    },
    async renew() {
      for (const puppet of is.puppets) puppet.vanish()
      await is.close().catch(() => undefined)
      const redis = new Redis(`${redisUrl}/${database}`)
      await redis.flushdb()
      redis.disconnect()
      is = await open()
    },
  }
}

function failureOf(commands: readonly Command[], seed: number): string {
  const lines = commands.map((command) => `    ${JSON.stringify(command)},`)
  return [
    `SEED=${seed} repeats the run. As a test:`,
    `test('…', async () => {\n  await replay([\n${lines.join('\n')}\n  ])\n})`,
  ].join('\n')
}

/** Plays one sequence, as a failure of `explore` prints it. */
export async function replay(commands: readonly Command[]): Promise<void> {
  const server = await startModelRedis()
  const world = await freshWorld(server.url, 0)
  try {
    await play(world.is, commands)
  } finally {
    for (const puppet of world.is.puppets) puppet.vanish()
    await world.is.close()
    await server.stop()
  }
}
