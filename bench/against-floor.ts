import { readFileSync, writeFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { startRedisServer } from '../test/support/redis-server.ts'
import { type Contender, floor, tutti } from './contenders.ts'
import { cpuMsOf, cpuMsOfRedis } from './figures.ts'

// The CPU time of a task, across all processes, relative to the minimum that it needs. Unlike wall
// times, this does not depend on what else the machine does. Warns if it has grown since it was
// recorded.
// `node bench/against-floor.ts [--record]`

const RECORDED = new URL('./against-floor.json', import.meta.url)
/** How much worse than the recorded ratio is reported. */
const TOLERATED = 1.1
const PLANS = 60
const TASKS = 5
const ROUNDS = 3

const server = await startRedisServer()
const redis = new Redis(server.url)
const contenders = [await floor(server.url), await tutti(server.url, { concurrency: 1_000 })]

async function cpuMs(contender: Contender): Promise<number> {
  return cpuMsOf(contender.pids) + cpuMsOfRedis(await redis.info('cpu'))
}

async function perTask(contender: Contender): Promise<number> {
  const before = await cpuMs(contender)
  await Promise.all(
    Array.from({ length: PLANS }, () => contender.run({ tasks: TASKS, delayMs: 0 })),
  )
  return ((await cpuMs(contender)) - before) / (PLANS * TASKS)
}

try {
  const least = contenders.map(() => Number.POSITIVE_INFINITY)
  // The first two rounds only warm up the compilers.
  for (let round = -2; round < ROUNDS; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const ms = await perTask(contender)
      if (round >= 0) least[index] = Math.min(least[index] ?? ms, ms)
    }
  }
  const [ofFloor = 0, ours = 0] = least
  const ratio = ours / ofFloor
  const figures = `CPU per task: ${ours.toFixed(2)} ms, ${ratio.toFixed(1)} times the floor`
  if (process.argv.includes('--record')) {
    writeFileSync(RECORDED, `${JSON.stringify({ cpuRatio: Number(ratio.toFixed(2)) })}\n`)
    process.stdout.write(`${figures}; recorded\n`)
  } else {
    const { cpuRatio } = JSON.parse(readFileSync(RECORDED, 'utf8')) as { cpuRatio: number }
    const isWorse = ratio > cpuRatio * TOLERATED
    process.stdout.write(
      `${isWorse ? 'warning: ' : ''}${figures} (recorded: ${cpuRatio.toFixed(1)})\n`,
    )
  }
} finally {
  for (const contender of contenders) await contender.close()
  redis.disconnect()
  await server.stop()
}
