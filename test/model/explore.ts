import fc from 'fast-check'
import { Redis } from 'ioredis'
import { startRedisServer } from '../support/redis-server.ts'
import type { Command } from './commands.ts'
import { play, REST_MS } from './play.ts'
import { enableScopes } from './scope.ts'
import { openWorld, type World } from './world.ts'

enableScopes()

const SHRINKING_REST_MS = 8_000

/**
 * Plays `count` random sequences, many at the same time, each in a world of its own. One that fails is
 * made shorter, and printed as a test.
 */
export async function explore(options: {
  sequences: fc.Arbitrary<Command[]>
  count: number
  seed: number
  atOnce?: number
}): Promise<void> {
  const { atOnce = 24, seed } = options
  const server = await startModelRedis()
  const lanes = Array.from({ length: Math.min(atOnce, options.count) }, (_, lane) => lane)
  let hasFailed = false
  const results = await Promise.allSettled(
    lanes.map(async (lane) => {
      const each = Math.ceil(options.count / lanes.length)
      const world = await freshWorld(server.url, lane)
      let isMine = false
      const details = await fc.check(
        fc.asyncProperty(options.sequences, async (commands) => {
          if (hasFailed && !isMine) return
          try {
            // One that fails is played many times more, and is not waited for as long.
            await play(world.is, commands, isMine ? SHRINKING_REST_MS : REST_MS)
          } catch (error) {
            hasFailed = true
            isMine = true
            await world.renew()
            throw error
          }
        }),
        {
          seed: seed + lane,
          numRuns: each,
          endOnFailure: process.env.SHRINK === '0',
          interruptAfterTimeLimit: 10 * 60_000,
        },
      )
      await world.is.close()
      if (details.failed) throw new Error(failureOf(details, seed))
    }),
  )
  await server.stop()
  const failed = results.filter((result) => result.status === 'rejected')
  if (failed.length > 0) throw new Error(failed.map(({ reason }) => String(reason)).join('\n\n'))
}

/** Of its own: each world has a database for itself. */
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

function failureOf(details: fc.RunDetails<[Command[]]>, seed: number): string {
  const commands = details.counterexample?.[0] ?? []
  const lines = commands.map((command) => `    ${JSON.stringify(command)},`)
  return [
    `SEED=${seed} repeats the run. As a test:`,
    `test('…', async () => {\n  await replay([\n${lines.join('\n')}\n  ])\n})`,
    String(details.errorInstance),
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
