import { randomUUID } from 'node:crypto'
import { TaskState } from '@a2a-js/sdk'
import { afterEach, expect, test } from 'vitest'
import { aRemoteAgent, type RemoteAgent, text } from '../executors/http/remote-agent.ts'
import { type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { call, type Service, startService } from '../support/service.ts'

interface TaskView {
  status: string
  usage: { inputTokens: number; costUsd: number }
  error?: { code: string; message: string }
}
interface PlanView {
  id: string
  status: string
  usage: { inputTokens: number; costUsd: number }
}

const SECRET = `s3cret${'-of-the-agent'}`
const AUTHORIZATION = `Bearer \${REVIEWER_TOKEN}`

let redis: RedisServer
let service: Service
let agent: RemoteAgent

afterEach(async () => {
  await service.stop()
  await agent.close()
  await redis.stop()
})

test('remote agents run the tasks of a plan, and nothing of theirs is logged', async () => {
  const begun = Promise.withResolvers<void>()
  let busy = 0
  agent = await aRemoteAgent(
    async ({ prompt, headers, artifact, status, cancelled }) => {
      if (prompt.includes('never')) {
        status(TaskState.TASK_STATE_WORKING)
        begun.resolve()
        await cancelled
      } else if (prompt.includes('fail')) {
        status(TaskState.TASK_STATE_FAILED, `The tree is on fire; I had ${headers.authorization}.`)
      } else {
        const usage = { inputTokens: 100, outputTokens: 10, costUsd: 0.25 }
        artifact('result', [text('An output of the agent.')], { metadata: { usage } })
        status(TaskState.TASK_STATE_COMPLETED)
      }
    },
    {
      intercept({ body }, response, next) {
        // The first one must come again.
        if (JSON.stringify(body ?? {}).includes('well') && busy++ === 0) response.status(429).end()
        else next()
      },
    },
  )
  redis = await startRedisServer()
  const headers = { authorization: AUTHORIZATION }
  service = await startService({
    redisUrl: redis.url,
    prefix: `test-${randomUUID().slice(0, 8)}`,
    env: {
      TUTTI_AGENTS: JSON.stringify({ reviewer: { url: agent.url, description: 'R.', headers } }),
      REVIEWER_TOKEN: SECRET,
      LOG_LEVEL: 'trace',
    },
  })

  const task = (id: string, prompt: string) => ({ id, prompt, executor: 'http' })
  const plan = {
    context: 'A shared context.',
    tasks: [task('good', 'Do it well.'), task('bad', 'Please fail.'), task('long', 'never end')],
    synthesis: false,
  }
  const submitted = await call<PlanView>(`${service.url}/v1/plans`, 'POST', plan)
  expect(submitted.status).toBe(202)
  const url = `${service.url}/v1/plans/${submitted.body.id}`
  await begun.promise
  await call(`${url}/tasks/long/cancel`, 'POST')
  let ended: PlanView
  do ended = (await call<PlanView>(`${url}?wait=5`)).body
  while (['queued', 'running'].includes(ended.status))

  const read = async (id: string) => (await call<TaskView>(`${url}/tasks/${id}`)).body
  expect(await read('good')).toMatchObject({ status: 'succeeded', usage: { costUsd: 0.25 } })
  expect(await read('long')).toMatchObject({ status: 'cancelled' })
  expect(await read('bad')).toMatchObject({
    status: 'failed',
    error: {
      code: 'agent-failed',
      message: 'The agent reviewer failed: The tree is on fire; I had [secret].',
    },
  })
  const { body: outputs } = await call<{ task: { output: string } }>(`${url}/tasks/good/output`)
  expect(outputs.task.output).toBe('An output of the agent.')
  expect(ended.usage).toMatchObject({ inputTokens: 100, costUsd: 0.25 })
  expect(agent.cancelled).toHaveLength(1)

  const described = JSON.stringify((await call(`${service.url}/v1/executors`)).body)
  const logs = [service.api, ...service.workers].map((process) => process.log()).join('\n')
  expect(described).toContain('reviewer')
  for (const text of [described, logs]) expect(text).not.toContain(SECRET)
  for (const words of ['An output of the agent', 'on fire', 'Do it well', 'A shared context']) {
    expect(logs).not.toContain(words)
  }
})
