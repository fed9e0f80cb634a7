import { randomUUID } from 'node:crypto'
import { FlowProducer, QueueEvents } from 'bullmq'
import { Redis } from 'ioredis'
import { awaited, serveFront } from './front.ts'

const TASKS_OF_A_JOB = 25

const connection = new Redis(process.env.REDIS_URL ?? '', { maxRetriesPerRequest: null })
const producer = new FlowProducer({ connection, prefix: 'chunks' })
const events = new QueueEvents('chunks-plans', { connection, prefix: 'chunks' })
const results = awaited()
events.on('completed', ({ jobId, returnvalue }) => results.came(jobId, String(returnvalue)))
await events.waitUntilReady()

await serveFront({
  async submit({ texts, delayMs }) {
    const jobId = randomUUID()
    const chunks = Array.from({ length: Math.ceil(texts.length / TASKS_OF_A_JOB) }, (_, index) =>
      texts.slice(index * TASKS_OF_A_JOB, (index + 1) * TASKS_OF_A_JOB),
    )
    await producer.add({
      name: 'plan',
      queueName: 'chunks-plans',
      opts: { jobId, removeOnComplete: true },
      children: chunks.map((some) => ({
        name: 'tasks',
        queueName: 'chunks-tasks',
        data: { texts: some, delayMs },
        opts: { removeOnComplete: true, ignoreDependencyOnFailure: true },
      })),
    })
    return jobId
  },
  result: (id) => results.of(id),
})
