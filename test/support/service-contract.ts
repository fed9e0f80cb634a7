import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { echoTask } from './service.ts'

interface Described {
  $ref?: string
  content?: Record<string, unknown>
}
interface OpenApi {
  paths: Record<string, Record<string, { responses: Record<string, Described> }>>
}
interface Answer {
  status: number
  body: Record<string, unknown>
  text: string
}
interface Request {
  /** In place of the parameters of the path. */
  values?: Record<string, string>
  query?: string
  body?: unknown
  headers?: Record<string, string>
}

const text = readFileSync(new URL('../../openapi/openapi.json', import.meta.url), 'utf8')
const document = JSON.parse(text) as OpenApi
const ajv = new Ajv2020({ strict: false, logger: false })
formats.default(ajv)
ajv.addSchema(JSON.parse(text.replaceAll('"#/', '"openapi#/')) as object, 'openapi')

/**
 * What a service has to be, whether it is the real one or one in memory that stands for it in tests of
 * its callers: the same statuses and codes, and every body as the OpenAPI document describes it.
 *
 * @param url Where it is, once the tests run. Its echo tasks run to their ends by themselves.
 */
export function describeService(url: () => string): void {
  /** Calls an operation and checks the answer against the OpenAPI document. */
  async function call(method: string, path: string, request: Request = {}): Promise<Answer> {
    const { values = {}, query = '', body, headers } = request
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'nowhere')
    const response = await fetch(`${url()}${filled}${query}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const answer = await response.text()
    const about = `${method} ${path} → ${response.status} ${answer}`
    const responses = document.paths[path]?.[method.toLowerCase()]?.responses
    const described = responses?.[response.status]
    expect(described, about).toBeDefined()
    const [pointer, { content = {} }] = resolved(described, path, method, response.status)
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    if (Object.keys(content).length > 0) expect(Object.keys(content), about).toContain(type)
    if (!type.endsWith('json')) return { status: response.status, body: {}, text: answer }
    const parsed = JSON.parse(answer) as Record<string, unknown>
    const schema = `openapi#${pointer}/content/${escaped(type)}/schema`
    const validate = ajv.getSchema(schema) ?? ajv.compile({ $ref: schema })
    expect(validate(parsed) ? [] : validate.errors, about).toEqual([])
    return { status: response.status, body: parsed, text: answer }
  }

  const submit = (tasks: object[], request: Request = {}) =>
    call('POST', '/v1/plans', { ...request, body: { title: 'Three', tasks } })

  async function finishedPlan(tasks: object[]): Promise<{ planId: string }> {
    const { status, body } = await submit(tasks)
    expect(status).toBe(202)
    const planId = String(body['id'])
    const wait = await call('GET', '/v1/plans/{planId}', { values: { planId }, query: '?wait=30' })
    expect(wait.body['finishedAt']).not.toBeNull()
    return { planId }
  }

  test('answers a submission with the plan, and the same one to the same key', async () => {
    const headers = { 'idempotency-key': 'once' }
    const first = await submit([echoTask('a')], { headers })
    const again = await submit([echoTask('a')], { headers })
    expect([first.status, again.status]).toEqual([202, 202])
    expect(again.body['id']).toBe(first.body['id'])
    const other = await submit([echoTask('b')], { headers })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } })
  })

  test('a dry run describes the plan and stores nothing', async () => {
    const { status, body } = await submit([echoTask('a')], { query: '?dryRun=true' })
    expect({ status, body }).toMatchObject({ status: 200, body: { waves: [['a']] } })
    expect(body['tasks']).toMatchObject([{ id: 'a', prompt: expect.any(String) }])
  })

  test('names the fields of a plan that it refuses', async () => {
    const { status, body } = await submit([{ id: 'a', promt: 'A' }])
    expect({ status, code: body['code'] }).toEqual({ status: 400, code: 'invalid-request' })
    const pointers = (body['errors'] as { pointer: string }[]).map(({ pointer }) => pointer)
    expect(pointers.every((pointer) => pointer.startsWith('/tasks/0'))).toBe(true)
  })

  test('knows no plan, task or version that is not there', async () => {
    const { planId } = await finishedPlan([echoTask('a')])
    const codes = await Promise.all([
      call('GET', '/v1/plans/{planId}'),
      call('GET', '/v1/plans/{planId}/tasks/{taskId}', { values: { planId } }),
      call('GET', '/v1/plans/{planId}/syntheses/{version}', { values: { planId, version: '9' } }),
    ])
    expect(codes.map(({ status, body }) => [status, body['code']])).toEqual([
      [404, 'plan-not-found'],
      [404, 'task-not-found'],
      [404, 'synthesis-not-found'],
    ])
  })

  test('shows a plan that has finished from every side', async () => {
    const failing = echoTask('b', { failAttempts: 9 }, { attempts: 1 })
    const { planId } = await finishedPlan([echoTask('a'), failing])
    const values = { planId, taskId: 'a' }
    const plan = await call('GET', '/v1/plans/{planId}', { values })
    expect(plan.body).toMatchObject({ status: 'partial', counts: { succeeded: 1, failed: 1 } })
    const page = await call('GET', '/v1/plans/{planId}/tasks', { values, query: '?limit=1' })
    expect(page.body).toMatchObject({ items: [{ id: 'a' }], nextCursor: expect.any(String) })
    const failed = await call('GET', '/v1/plans/{planId}/tasks', {
      values,
      query: '?status=failed',
    })
    expect(failed.body).toMatchObject({ items: [{ id: 'b' }], nextCursor: null })
    const task = await call('GET', '/v1/plans/{planId}/tasks/{taskId}', { values })
    expect(task.body).toMatchObject({ id: 'a', status: 'succeeded', attemptCount: 1 })
    const output = await call('GET', '/v1/plans/{planId}/tasks/{taskId}/output', { values })
    expect(output.body).toMatchObject({ retrievalStatus: 'success', task: { id: 'a' } })
    const todos = await call('GET', '/v1/plans/{planId}/todos', { values })
    expect(todos.body['todos']).toHaveLength(3)
    expect((await call('GET', '/v1/plans/{planId}/report', { values })).status).toBe(200)
    const newest = await call('GET', '/v1/plans/{planId}/synthesis', { values, query: '?wait=30' })
    expect(newest.body).toMatchObject({ version: 1, executor: 'merge' })
    const outputs = await fetch(`${url()}/v1/plans/${planId}/outputs`, {
      headers: { accept: 'application/x-ndjson' },
    })
    const lines = (await outputs.text()).trim().split('\n')
    const ids = lines.map((line) => (JSON.parse(line) as { id: string }).id)
    expect(ids.toSorted()).toEqual(['a', 'b'])
    const plans = await call('GET', '/v1/plans', { query: '?status=partial&limit=200' })
    expect(plans.body['items']).toContainEqual(expect.objectContaining({ id: planId }))
  })

  test('streams a snapshot of a plan that has finished, and ends', async () => {
    const { planId } = await finishedPlan([echoTask('a')])
    const stream = await fetch(`${url()}/v1/plans/${planId}/events`)
    const events = (await stream.text()).split('\n\n').filter((event) => /^event: /m.test(event))
    expect(events.map((event) => /^event: (.*)$/m.exec(event)?.[1])).toEqual(['snapshot'])
    expect(events[0]).toMatch(/^id: \S+$/m)
  })

  test('refuses to cancel what has ended, and retries it', async () => {
    const { planId } = await finishedPlan([echoTask('a')])
    const values = { planId, taskId: 'a' }
    const plan = await call('POST', '/v1/plans/{planId}/cancel', { values })
    expect(plan).toMatchObject({ status: 409, body: { code: 'plan-finished' } })
    const task = await call('POST', '/v1/plans/{planId}/tasks/{taskId}/cancel', { values })
    expect(task).toMatchObject({ status: 409, body: { code: 'task-finished' } })
    const retried = await call('POST', '/v1/plans/{planId}/tasks/{taskId}/retry', { values })
    expect(retried.status).toBe(202)
  })

  test('cancels a plan that runs', async () => {
    const { body } = await submit([echoTask('stuck', { hang: true })])
    const values = { planId: String(body['id']) }
    await call('POST', '/v1/plans/{planId}/cancel', { values })
    const plan = await call('GET', '/v1/plans/{planId}', { values, query: '?wait=30' })
    expect(plan.body['status']).toBe('cancelled')
  })

  test('writes another version when asked, and forgets a plan that is deleted', async () => {
    const { planId } = await finishedPlan([echoTask('a')])
    const values = { planId }
    await call('GET', '/v1/plans/{planId}/synthesis', { values, query: '?wait=30' })
    const body = { executor: 'merge' }
    const asked = await call('POST', '/v1/plans/{planId}/syntheses', { values, body })
    expect(asked).toMatchObject({ status: 202, body: { version: 2 } })
    const headers = { 'idempotency-key': 'once' }
    const keyed = { values, body, headers }
    const path = '/v1/plans/{planId}/syntheses'
    const first = await call('POST', path, keyed)
    expect(await call('POST', path, keyed)).toMatchObject({ status: 202, body: first.body })
    const other = await call('POST', path, { ...keyed, body: { instructions: 'Be brief.' } })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } })
    expect((await call('DELETE', '/v1/plans/{planId}', { values })).status).toBe(204)
    expect((await call('GET', '/v1/plans/{planId}', { values })).status).toBe(404)
  })
}

/** A description with the pointer to it, past a reference. */
function resolved(
  described: Described | undefined,
  path: string,
  method: string,
  status: number,
): [pointer: string, Described] {
  const own = `/paths/${escaped(path)}/${method.toLowerCase()}/responses/${status}`
  if (described?.$ref === undefined) return [own, described ?? {}]
  const pointer = described.$ref.slice(1)
  const parts = pointer.split('/').slice(1)
  const at = parts.reduce<unknown>(
    (value, part) => (value as Record<string, unknown>)[part],
    document,
  )
  return [pointer, at as Described]
}

function escaped(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
