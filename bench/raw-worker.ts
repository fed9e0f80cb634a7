import { setTimeout as delay } from 'node:timers/promises'
import { type Job, Worker } from 'bullmq'
import { Redis } from 'ioredis'

// The baseline: BullMQ as documented, doing only what an echo task does. One process, like one
// worker of the service; the numbers of instances and jobs are the best ones for it.

const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
const instances = Number(process.env.INSTANCES)
const concurrency = Number(process.env.CONCURRENCY)

async function work(job: Job<{ text: string; delayMs: number }>): Promise<string> {
  if (job.data.delayMs > 0) await delay(job.data.delayMs)
  return job.data.text
}

async function join(job: Job): Promise<number> {
  return Object.keys(await job.getChildrenValues()).length
}

const workers = [
  ...Array.from(
    { length: instances },
    () => new Worker('raw-tasks', work, { connection, prefix: 'raw', concurrency }),
  ),
  new Worker('raw-plans', join, { connection, prefix: 'raw', concurrency: 50 }),
]
await Promise.all(workers.map((worker) => worker.waitUntilReady()))
process.send?.('up')
process.on('disconnect', () => process.exit(0))
