import { setTimeout as delay } from 'node:timers/promises'
import { ENDED, LEASES, openFloorQueue, QUEUE } from './floor-queue.ts'

const LEASE_MS = 30_000
const MOST_TAKEN = 200
const MOST_ENDED = 200
const SLOTS = 1_000

const redis = openFloorQueue()
const listener = redis.duplicate()
let used = 0
let taking = false
let askedAgain = false
let ended: string[] = []

/** Takes as many tasks as there are free slots. */
async function take(): Promise<void> {
  askedAgain = true
  if (taking) return
  taking = true
  while (askedAgain && used < SLOTS) {
    askedAgain = false
    const count = Math.min(SLOTS - used, MOST_TAKEN)
    const taken = await redis.take(QUEUE, LEASES, count, Date.now() + LEASE_MS)
    used += taken.length / 2
    if (taken.length === 2 * count) askedAgain = true
    for (let at = 0; at < taken.length; at += 2) void run(taken[at] ?? '', taken[at + 1] ?? '')
  }
  taking = false
}

async function run(name: string, task: string): Promise<void> {
  const { text, delayMs } = JSON.parse(task) as { text: string; delayMs: number }
  if (delayMs > 0) await delay(delayMs)
  if (ended.length === 0) setImmediate(() => void store())
  ended.push(name, text)
}

/**
 * Stores everything that ended in one turn of the event loop, and completes plans that are done.
 */
async function store(): Promise<void> {
  const all = ended
  ended = []
  for (let at = 0; at < all.length; at += 2 * MOST_ENDED) {
    const some = all.slice(at, at + 2 * MOST_ENDED)
    const over = await redis.finish(LEASES, ...some)
    used -= some.length / 2
    void take()
    await Promise.all(over.map(join))
  }
}

async function join(id: string): Promise<void> {
  const outputs = await redis.hvals(`${id}:out`)
  const result = `${outputs.length} outputs: ${outputs[0] ?? ''}`
  await redis
    .multi()
    .set(`${id}:result`, result)
    .del(`${id}:in`, `${id}:out`, `${id}:left`)
    .publish(ENDED, id)
    .exec()
}

listener.on('message', () => void take())
await listener.subscribe(QUEUE)
process.send?.('up')
process.on('disconnect', () => process.exit(0))
