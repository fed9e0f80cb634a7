import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { FlowProducer, QueueEvents } from 'bullmq'
import { Redis } from 'ioredis'
import { startService } from '../test/support/service.ts'

/** A workload: a number of tasks of the same duration, each with 2 KB in and out. */
export interface Work {
  tasks: number
  delayMs: number
}

export interface Contender {
  name: string
  /** Runs one batch to its final result. Both times are in milliseconds from the same start. */
  run(work: Work): Promise<{ ackMs: number; doneMs: number }>
  /** Its processes, excluding Redis and the measuring one. */
  pids: number[]
  close(): Promise<void>
}

const TEXT = 'x'.repeat(2_048)

/** The minimum that has to happen in Redis for a batch, behind minimal HTTP. Not a real product. */
export function floor(redisUrl: string): Promise<Contender> {
  return baseline('floor', redisUrl)
}

/** BullMQ behind minimal HTTP, with 25 tasks per job. */
export function chunkedBullmq(redisUrl: string): Promise<Contender> {
  return baseline('chunks', redisUrl)
}

async function baseline(name: 'floor' | 'chunks', redisUrl: string): Promise<Contender> {
  const start = async (role: 'api' | 'worker') => {
    const file = fileURLToPath(new URL(`./baselines/${name}-${role}.ts`, import.meta.url))
    const child = fork(file, { env: { PATH: process.env.PATH ?? '', REDIS_URL: redisUrl } })
    const [message] = (await once(child, 'message')) as [unknown]
    return { child, message }
  }
  const [api, worker] = await Promise.all([start('api'), start('worker')])
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  const url = `http://127.0.0.1:${String(api.message)}`
  return {
    name,
    pids: [api, worker].map(({ child }) => child.pid ?? 0),
    async run({ tasks, delayMs }) {
      const body = JSON.stringify({ texts: Array<string>(tasks).fill(TEXT), delayMs })
      const begun = performance.now()
      const { id } = await send(agent, `${url}/`, body)
      const ackMs = performance.now() - begun
      const { result } = await send(agent, `${url}/${id}`)
      const doneMs = performance.now() - begun
      if (result?.startsWith(`${tasks} outputs`) !== true) throw new Error(`${name}: ${result}`)
      return { ackMs, doneMs }
    },
    async close() {
      agent.destroy()
      for (const { child } of [api, worker]) {
        child.kill()
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      }
    },
  }
}

export async function rawBullmq(
  redisUrl: string,
  options: { instances: number; concurrency: number },
): Promise<Contender> {
  const worker: ChildProcess = fork(fileURLToPath(new URL('./raw-worker.ts', import.meta.url)), {
    env: {
      PATH: process.env.PATH ?? '',
      REDIS_URL: redisUrl,
      INSTANCES: `${options.instances}`,
      CONCURRENCY: `${options.concurrency}`,
    },
  })
  await once(worker, 'message')
  const connection = new Redis(redisUrl, { maxRetriesPerRequest: null })
  const producer = new FlowProducer({ connection, prefix: 'raw' })
  const events = new QueueEvents('raw-plans', { connection, prefix: 'raw' })
  await events.waitUntilReady()
  const waiting = new Map<string, () => void>()
  events.on('completed', ({ jobId }) => waiting.get(jobId)?.())
  return {
    name: 'raw BullMQ',
    pids: [worker.pid ?? 0],
    async run({ tasks, delayMs }) {
      const jobId = `p${randomUUID()}`
      const done = new Promise<void>((resolve) => waiting.set(jobId, resolve))
      const start = performance.now()
      await producer.add({
        name: 'plan',
        queueName: 'raw-plans',
        opts: { jobId, removeOnComplete: true },
        children: Array.from({ length: tasks }, () => ({
          name: 'task',
          queueName: 'raw-tasks',
          data: { text: TEXT, delayMs },
          opts: { removeOnComplete: true, ignoreDependencyOnFailure: true },
        })),
      })
      const ackMs = performance.now() - start
      await done
      waiting.delete(jobId)
      return { ackMs, doneMs: performance.now() - start }
    },
    async close() {
      worker.kill()
      await events.close()
      await producer.close()
      connection.disconnect()
    },
  }
}

export async function tutti(
  redisUrl: string,
  options: {
    concurrency: number
    workers?: number
    /** Of the workers alone. */
    workerEnv?: Record<string, string>
  },
): Promise<Contender & { url: string }> {
  const service = await startService({
    redisUrl,
    prefix: `bench-${randomUUID().slice(0, 8)}`,
    workers: 0,
    env: { TUTTI_CONCURRENCY: `${options.concurrency}`, LOG_LEVEL: 'warn' },
  })
  for (let count = 0; count < (options.workers ?? 1); count += 1) {
    await service.addWorker(options.workerEnv)
  }
  const agent = new Agent({ keepAlive: true, maxSockets: 1_000 })
  return {
    name: 'Tutti',
    url: service.url,
    pids: [service.api, ...service.workers].map(({ pid }) => pid),
    run: (work) => runPlan(agent, service.url, work),
    async close() {
      agent.destroy()
      await service.stop()
    },
  }
}

/** Submits a plan and waits for its end. */
export async function runPlan(
  agent: Agent,
  url: string,
  { tasks, delayMs }: Work,
): Promise<{ ackMs: number; doneMs: number }> {
  const body = JSON.stringify({
    tasks: Array.from({ length: tasks }, () => ({
      prompt: TEXT,
      executor: 'echo',
      options: { delayMs },
    })),
  })
  const start = performance.now()
  const plan = await send(agent, `${url}/v1/plans`, body)
  const ackMs = performance.now() - start
  // The final result: the plan has finished, and its synthesis is stored.
  let status = plan.status
  while (!['succeeded', 'partial', 'failed', 'cancelled'].includes(status)) {
    const seen = await send(agent, `${url}/v1/plans/${plan.id}?wait=60`)
    status = seen.status
  }
  if (status !== 'succeeded') throw new Error(`the plan is ${status}`)
  return { ackMs, doneMs: performance.now() - start }
}

interface Answer {
  id: string
  status: string
  result?: string
}

/** Uses node:http, because `fetch` itself costs a millisecond. */
function send(agent: Agent, url: string, body?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers:
          body === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          const ok = (response.statusCode ?? 500) < 300
          if (ok) resolve(JSON.parse(text) as Answer)
          else reject(new Error(`${response.statusCode} ${text.slice(0, 300)}`))
        })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
