import { expect, test } from 'vitest'
import {
  applyEvents,
  EMPTY_MODEL,
  type PlanModel,
  type StreamEvent,
} from '../../dashboard/src/live/plan-model.ts'

const START = Date.parse('2026-03-02T09:30:00.000Z')
const at = (ms: number) => new Date(START + ms).toISOString()

let nextId = 1
function event(type: string, data: Record<string, unknown>): StreamEvent {
  nextId += 1
  return { id: `${nextId}-0`, type, data, receivedAt: START + 99_000 }
}

function snapshot(tasks: Record<string, unknown>[], status = 'running'): StreamEvent {
  const plan = { id: 'p1', title: 'A plan', status, createdAt: at(0), finishedAt: null }
  return event('snapshot', { plan, tasks, synthesis: { status: 'pending', version: 0 } })
}

const queued = (id: string) => ({
  id,
  description: `Task ${id}`,
  status: 'queued',
  wave: 1,
  executor: 'echo',
  attempt: 0,
  queuedAt: at(0),
  startedAt: null,
  finishedAt: null,
})

function run(...events: StreamEvent[]): PlanModel {
  return applyEvents(EMPTY_MODEL, events)
}

test('a snapshot is the whole state, each change after it moves one task', () => {
  const model = run(
    snapshot([queued('a'), queued('b')]),
    event('task.started', { taskId: 'a', attempt: 1, at: at(10) }),
    event('task.finished', { taskId: 'a', attempt: 1, at: at(510), status: 'succeeded' }),
    event('task.started', { taskId: 'b', attempt: 1, at: at(20) }),
  )
  expect(model.plan?.title).toBe('A plan')
  expect(model.tasks.get('a')).toMatchObject({
    status: 'succeeded',
    startedAt: START + 10,
    finishedAt: START + 510,
    attempts: [{ number: 1, startedAt: START + 10, finishedAt: START + 510, outcome: 'succeeded' }],
  })
  expect(model.tasks.get('b')).toMatchObject({ status: 'running', finishedAt: null })
})

test('each attempt stays to be seen, those that failed and those whose worker went away', () => {
  const model = run(
    snapshot([queued('a')]),
    event('task.started', { taskId: 'a', attempt: 1, at: at(0) }),
    event('task.retrying', {
      taskId: 'a',
      attempt: 1,
      at: at(100),
      retryAt: at(600),
      error: { code: 'busy', message: 'The provider was busy.' },
    }),
    event('task.started', { taskId: 'a', attempt: 2, at: at(600) }),
    event('task.requeued', { taskId: 'a', attempt: 2, at: at(700), reason: 'lost' }),
    event('task.started', { taskId: 'a', attempt: 3, at: at(800) }),
    event('task.finished', { taskId: 'a', attempt: 3, at: at(900), status: 'succeeded' }),
  )
  const task = model.tasks.get('a')
  expect(task?.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
    [1, 'retrying'],
    [2, 'requeued'],
    [3, 'succeeded'],
  ])
  expect(task).toMatchObject({ startedAt: START, finishedAt: START + 900, error: undefined })
})

test('a retry begins another round, and keeps the attempts of the one before', () => {
  const model = run(
    snapshot([queued('a')]),
    event('task.started', { taskId: 'a', attempt: 1, at: at(0) }),
    event('task.finished', { taskId: 'a', attempt: 1, at: at(50), status: 'failed' }),
    event('task.requeued', { taskId: 'a', attempt: 1, at: at(5_000), reason: 'retry' }),
    event('task.started', { taskId: 'a', attempt: 2, at: at(5_100) }),
  )
  expect(model.tasks.get('a')).toMatchObject({
    queuedAt: START + 5_000,
    startedAt: START + 5_100,
    attempts: [{ number: 1, outcome: 'failed' }, { number: 2 }],
  })
})

test('a task that waits for its next attempt says until when, and why', () => {
  const model = run(
    snapshot([queued('a')]),
    event('task.started', { taskId: 'a', attempt: 1, at: at(0) }),
    event('task.retrying', {
      taskId: 'a',
      attempt: 1,
      at: at(100),
      retryAt: at(600),
      error: { code: 'busy', message: 'The provider was busy.' },
    }),
  )
  expect(model.tasks.get('a')).toMatchObject({
    status: 'queued',
    retryAt: START + 600,
    error: { code: 'busy' },
  })
})

test('the status follows the plan from its first task to its end, and on when it is reopened', () => {
  const statuses: string[] = []
  let model = EMPTY_MODEL
  for (const next of [
    snapshot([queued('a')], 'queued'),
    event('plan.started', {}),
    event('task.started', { taskId: 'a', attempt: 1, at: at(0) }),
    event('task.finished', { taskId: 'a', attempt: 1, at: at(5), status: 'succeeded' }),
    event('synthesis.started', { version: 1, at: at(6) }),
    event('synthesis.finished', { version: 1, at: at(9), status: 'succeeded' }),
    event('plan.finished', { status: 'succeeded', at: at(9) }),
    event('plan.reopened', {}),
  ]) {
    model = applyEvents(model, [next])
    statuses.push(model.status)
  }
  expect(statuses).toEqual([
    'queued',
    'running',
    'running',
    'running',
    'synthesizing',
    'synthesizing',
    'succeeded',
    'running',
  ])
  expect(model.synthesisRuns).toEqual([
    { version: 1, startedAt: START + 6, finishedAt: START + 9, status: 'succeeded' },
  ])
})

test('a preliminary synthesis does not end the running of the tasks', () => {
  const model = run(
    snapshot([queued('a'), queued('b')]),
    event('task.finished', { taskId: 'a', attempt: 1, at: at(5), status: 'succeeded' }),
    event('synthesis.started', { version: 1, at: at(6) }),
  )
  expect(model.status).toBe('running')
})

test('a snapshot after a lost connection keeps the attempts that were seen before it', () => {
  const model = run(
    snapshot([queued('a')]),
    event('task.started', { taskId: 'a', attempt: 1, at: at(0) }),
    event('task.retrying', { taskId: 'a', attempt: 1, at: at(100) }),
    event('task.started', { taskId: 'a', attempt: 2, at: at(200) }),
    snapshot([
      {
        ...queued('a'),
        status: 'succeeded',
        attempt: 2,
        startedAt: at(0),
        finishedAt: at(300),
      },
    ]),
  )
  expect(model.tasks.get('a')?.attempts.map(({ outcome }) => outcome)).toEqual([
    'retrying',
    'succeeded',
  ])
})

test('what is missing or unknown in an event is passed over', () => {
  const model = run(
    snapshot([{ id: 'a' }]),
    event('task.started', { taskId: 'a' }),
    event('task.started', { taskId: 'nobody', attempt: 1 }),
    event('task.dreaming', { taskId: 'a' }),
    event('plan.wondering', {}),
  )
  expect(model.tasks.get('a')).toMatchObject({
    description: 'a',
    status: 'running',
    startedAt: START + 99_000,
  })
  expect(model.tasks.size).toBe(1)
})
