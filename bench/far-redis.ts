import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { startRedisServer } from '../test/support/redis-server.ts'
import { tutti } from './contenders.ts'
import { machine, median, table } from './figures.ts'

// How well a worker far from Redis uses its slots: the efficiency (the time of a task, divided by
// the time of the whole plan) with a round trip of 3 ms, beside one without a delay.
// `node bench/far-redis.ts [rounds]`

const rounds = Number(process.argv[2] ?? 3)
const ROUND_TRIP_MS = 3
const TASK_MS = 1_000
const SIZES = [5, 100, 1_000]

/** Keeps the order: every chunk waits for the same time. */
function delayed(ms: number): Transform {
  return new Transform({
    // More than what any answer here needs: the delay is not to limit the throughput.
    highWaterMark: 64 * 1024 * 1024,
    transform(chunk: Buffer, _encoding, done) {
      setTimeout(() => this.push(chunk), ms)
      done()
    },
  })
}

/** A proxy in front of a port of this machine, each direction of which takes half the round trip. */
async function startFarPort(port: number): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        near.destroy()
        far.destroy()
        sockets.delete(socket)
      })
    }
    near.pipe(delayed(ROUND_TRIP_MS / 2)).pipe(far)
    far.pipe(delayed(ROUND_TRIP_MS / 2)).pipe(near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

const redis = await startRedisServer()
const far = await startFarPort(Number(new URL(redis.url).port))
const contenders = [
  await tutti(redis.url, { concurrency: 1_000 }),
  await tutti(redis.url, {
    concurrency: 1_000,
    workerEnv: { REDIS_URL: `redis://127.0.0.1:${far.port}` },
  }),
]

try {
  const rows: string[][] = []
  for (const tasks of SIZES) {
    const done = contenders.map(() => [] as number[])
    for (let round = -1; round < rounds; round += 1) {
      for (const [index, contender] of contenders.entries()) {
        const { doneMs } = await contender.run({ tasks, delayMs: TASK_MS })
        if (round >= 0) done[index]?.push(doneMs)
      }
    }
    const [near = 0, distant = 0] = done.map((times) => TASK_MS / median(times))
    rows.push([
      `${tasks} tasks of 1 s`,
      near.toFixed(3),
      distant.toFixed(3),
      (distant / near).toFixed(3),
    ])
  }
  process.stdout.write(`${machine()}\n\n`)
  process.stdout.write(table(['work', 'beside Redis', `${ROUND_TRIP_MS} ms away`, 'ratio'], rows))
} finally {
  for (const contender of contenders) await contender.close()
  far.close()
  await redis.stop()
}
