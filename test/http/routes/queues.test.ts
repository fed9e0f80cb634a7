import { randomUUID } from 'node:crypto'
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter'
import { Queue } from 'bullmq'
import { Redis } from 'ioredis'
import { expect, inject, onTestFinished, test } from 'vitest'
import { anApp } from '../harness.ts'

/** The app with its board over one queue that holds a job. */
async function aBoard() {
  const connection = new Redis(inject('redisUrl'), { maxRetriesPerRequest: null })
  const queue = new Queue('tasks', { connection, prefix: `test-${randomUUID().slice(0, 8)}` })
  onTestFinished(async () => {
    await queue.close()
    connection.disconnect()
  })
  await queue.add('unit', { planId: 'p' }, { jobId: 'job-1' })
  const { app } = await anApp({ queues: [new BullMQAdapter(queue, { readOnlyMode: true })] })
  return app
}

test('the board shows the jobs of a queue', async () => {
  const app = await aBoard()
  const { statusCode, body } = await app.inject(
    '/queues/api/queues?activeQueue=tasks&status=waiting&page=1&jobsPerPage=10',
  )
  expect(statusCode).toBe(200)
  expect(body).toContain('job-1')
})

test.each([
  '/api/queues?status=%00',
  '/api/queues?activeQueue=tasks&status=%00',
  '/api/queues?activeQueue=tasks&status=nobody',
  '/api/queues?activeQueue=tasks&status=waiting&status=active',
  '/api/queues?activeQueue=%25',
  '/api/queues?activeQueue=tasks&activeQueue=tasks',
  '/api/queues?activeQueue=tasks&page=-1',
  '/api/queues?activeQueue=tasks&page=1e99',
  '/api/queues?activeQueue=tasks&page=%00&jobsPerPage=x',
  '/api/queues/%00',
  '/api/queues/tasks/%00',
  '/api/queues/tasks/%25',
  '/api/queues/tasks/job-1/logs?start=%00',
  '/api/queues/tasks/job-1/flow?depth=%00',
  '/api/queues/tasks/metrics?start=%00',
  '/queue/%00/%00',
])('the board never answers %s with a fault of ours', async (path) => {
  const app = await aBoard()
  const { statusCode } = await app.inject(`/queues${path}`)
  expect(statusCode).toBeLessThan(500)
})
