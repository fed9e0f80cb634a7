import { setTimeout as delay } from 'node:timers/promises'
import { type Job, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import type { Batch } from './front.ts'

const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })

async function work(job: Job<Batch>): Promise<string[]> {
  const { texts, delayMs } = job.data
  if (delayMs > 0) await delay(delayMs)
  return texts
}

async function join(job: Job): Promise<string> {
  const outputs = Object.values(await job.getChildrenValues<string[]>()).flat()
  return `${outputs.length} outputs: ${outputs[0] ?? ''}`
}

const options = { connection, prefix: 'chunks', concurrency: 50 }
const workers = [
  new Worker('chunks-tasks', work, options),
  new Worker('chunks-plans', join, options),
]
await Promise.all(workers.map((worker) => worker.waitUntilReady()))
process.send?.('up')
process.on('disconnect', () => process.exit(0))
