import { describe, expect, test } from 'vitest'
import type { LiveTask, PlanModel } from '../../dashboard/src/live/plan-model.ts'
import { EMPTY_MODEL } from '../../dashboard/src/live/plan-model.ts'
import {
  concurrencyProfile,
  planTimes,
  runsFromTo,
  taskSegments,
  timeDomain,
  timelineRows,
} from '../../dashboard/src/timeline/rows.ts'
import { timeMap } from '../../dashboard/src/timeline/time-map.ts'
import { position, ticks } from '../../dashboard/src/timeline/time-scale.ts'
import { FIT, panView, viewSpan, zoomView } from '../../dashboard/src/timeline/view.ts'

function task(id: string, change: Partial<LiveTask> = {}): LiveTask {
  return {
    id,
    description: `Task ${id}`,
    status: 'queued',
    wave: 1,
    executor: 'echo',
    attempt: 0,
    queuedAt: 0,
    startedAt: null,
    finishedAt: null,
    retryAt: null,
    attempts: [],
    costUsd: 0,
    ...change,
  }
}

const ran = (id: string, from: number, to: number, change: Partial<LiveTask> = {}) =>
  task(id, { status: 'succeeded', attempt: 1, startedAt: from, finishedAt: to, ...change })

function model(...tasks: LiveTask[]): PlanModel {
  return { ...EMPTY_MODEL, tasks: new Map(tasks.map((entry) => [entry.id, entry])) }
}

const ALL = { text: '', statuses: new Set<never>(), order: 'plan' as const }

describe('rows', () => {
  test('several waves get a heading each, a single one does not', () => {
    const two = model(ran('a', 0, 10), task('b', { wave: 2 }), ran('c', 0, 5))
    expect(
      timelineRows(two, ALL, 0).map((row) => (row.kind === 'wave' ? row : row.task.id)),
    ).toEqual([
      { kind: 'wave', wave: 1, tasks: 2, ended: 2 },
      'a',
      'c',
      { kind: 'wave', wave: 2, tasks: 1, ended: 0 },
      'b',
    ])
    expect(timelineRows(model(task('a'), task('b')), ALL, 0).map(({ kind }) => kind)).toEqual([
      'task',
      'task',
    ])
  })

  test('a search looks at ids and descriptions, a filter at statuses', () => {
    const plan = model(ran('alpha', 0, 1), task('beta', { description: 'Alphabet' }), task('c'))
    const ids = (filter: Partial<Parameters<typeof timelineRows>[1]>) =>
      timelineRows(plan, { ...ALL, ...filter }, 0).map((row) => row.kind === 'task' && row.task.id)
    expect(ids({ text: ' ALPHA ' })).toEqual(['alpha', 'beta'])
    expect(ids({ statuses: new Set(['queued']) })).toEqual(['beta', 'c'])
    expect(ids({ text: 'nothing' })).toEqual([])
  })

  test('the longest come first when asked, those that still run by their time until now', () => {
    const plan = model(ran('short', 0, 10), ran('long', 0, 50), task('now', { startedAt: 20 }))
    const rows = timelineRows(plan, { ...ALL, order: 'duration' }, 100)
    expect(rows.map((row) => row.kind === 'task' && row.task.id)).toEqual(['now', 'long', 'short'])
  })
})

test('running tasks come first when asked, in plan order like the others', () => {
  const plan = model(
    ran('a', 0, 10),
    task('b', { status: 'running', startedAt: 5 }),
    task('c'),
    task('d', { status: 'running', startedAt: 2 }),
  )
  const rows = timelineRows(plan, { ...ALL, order: 'active' }, 20)
  expect(rows.map((row) => row.kind === 'task' && row.task.id)).toEqual(['b', 'd', 'a', 'c'])
  expect(runsFromTo(rows, 20)).toEqual({ from: 0, to: 20 })
  expect(runsFromTo(rows.slice(3), 20)).toBeUndefined()
})

describe('segments', () => {
  test('a lane shows the wait, each attempt and the pause between them', () => {
    const attempts = [
      { number: 1, startedAt: 10, finishedAt: 30, outcome: 'retrying' as const },
      { number: 2, startedAt: 50, finishedAt: null, outcome: 'running' as const },
    ]
    const running = task('a', { status: 'running', startedAt: 10, attempt: 2 })
    expect(taskSegments(running, attempts, 80)).toEqual([
      { kind: 'queued', from: 0, to: 10 },
      { kind: 'attempt', from: 10, to: 30, number: 1, outcome: 'retrying' },
      { kind: 'waiting', from: 30, to: 50 },
      { kind: 'attempt', from: 50, to: 80, number: 2, outcome: 'running' },
    ])
  })

  test('attempts before a retry are distinguished, and the time in between is not a wait', () => {
    const attempts = [
      { number: 1, startedAt: 10, finishedAt: 30, outcome: 'failed' as const },
      { number: 2, startedAt: 3_610, finishedAt: 3_650, outcome: 'succeeded' as const },
    ]
    const retried = ran('a', 3_610, 3_650, { queuedAt: 3_600, attempt: 2 })
    expect(taskSegments(retried, attempts, 9_000)).toEqual([
      { kind: 'attempt', from: 10, to: 30, number: 1, outcome: 'failed', earlier: true },
      { kind: 'queued', from: 3_600, to: 3_610 },
      { kind: 'attempt', from: 3_610, to: 3_650, number: 2, outcome: 'succeeded' },
    ])
  })

  test('a task that never ran has only waited, until now or until it was skipped', () => {
    expect(taskSegments(task('a'), [], 40)).toEqual([{ kind: 'queued', from: 0, to: 40 }])
    expect(taskSegments(task('a', { status: 'skipped', finishedAt: 25 }), [], 40)).toEqual([])
  })
})

test('the profile counts what runs at the same moment, and nothing twice', () => {
  const tasks = [ran('a', 0, 100), ran('b', 0, 50), ran('c', 50, 100), task('d')]
  expect(concurrencyProfile(tasks, { from: 0, to: 100 }, 10, 100)).toEqual(Array(10).fill(2))
})

test('consecutive tasks never count as parallel, however fine the intervals are', () => {
  const tasks = Array.from({ length: 40 }, (_, index) => ran(`t${index}`, index * 7, index * 7 + 7))
  const moment = ran('moment', 14, 14)
  for (const buckets of [1, 3, 10, 240]) {
    const profile = concurrencyProfile(tasks, { from: 0, to: 280 }, buckets, 280)
    expect(new Set(profile)).toEqual(new Set([1]))
    const withMoment = concurrencyProfile([moment], { from: 0, to: 280 }, buckets, 280)
    expect(withMoment.reduce((sum, count) => sum + count, 0)).toBe(1)
  }
})

test('the profile of 10,000 tasks has its peak where they overlap', () => {
  const tasks = Array.from({ length: 10_000 }, (_, index) => ran(`t${index}`, index, index + 500))
  const profile = concurrencyProfile(tasks, { from: 0, to: 10_500 }, 210, 10_500)
  expect(Math.max(...profile)).toBe(500)
  expect(profile[0]).toBeLessThan(100)
})

test('the domain begins with the submission and moves with the clock while the plan is live', () => {
  const plan = model(ran('a', 100, 300, { queuedAt: 90 }))
  expect(timeDomain(plan, 1_000, true)).toMatchObject({ from: 90 })
  expect(timeDomain(plan, 1_000, true).to).toBeGreaterThan(1_000)
  expect(timeDomain(plan, 1_000, false).to).toBeLessThan(400)
})

describe('the view', () => {
  const domain = { from: 0, to: 1_000 }

  test('zooming in keeps the point under the pointer in place', () => {
    const before = position(domain, 250)
    const span = viewSpan(zoomView(FIT, domain, false, 0.5, 250), domain)
    expect(span.to - span.from).toBe(500)
    expect(position(span, 250)).toBeCloseTo(before)
  })

  test('zooming out ends with the whole, and panning at the edges', () => {
    const near = zoomView(FIT, domain, false, 0.1, 500)
    expect(zoomView(near, domain, false, 100)).toEqual(FIT)
    expect(viewSpan(panView(near, domain, false, -50), domain)).toEqual({ from: 0, to: 100 })
    expect(viewSpan(panView(near, domain, false, 50), domain)).toEqual({ from: 900, to: 1_000 })
  })

  test('at the right edge of a live plan the view moves along with it', () => {
    const view = zoomView(FIT, domain, true, 0.1, 1_000)
    expect(viewSpan(view, { from: 0, to: 5_000 })).toEqual({ from: 4_900, to: 5_000 })
  })
})

test('ticks are at round times since the start, never closer than requested', () => {
  const marks = ticks({ from: 12_340, to: 72_340 }, 12_340, 600)
  expect(marks.map(({ elapsedMs }) => elapsedMs)).toEqual([
    0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000,
  ])
  expect(ticks({ from: 0, to: 1_000 }, 0, 0)).toEqual([])
})

describe('the times of a plan', () => {
  const hour = 3_600_000

  test('a stretch in which nothing ran is drawn as a short break', () => {
    const times = timeMap([
      { from: 0, to: 10_000 },
      { from: hour, to: hour + 10_000 },
    ])
    expect(times.gaps).toEqual([{ from: 10_000, to: hour }])
    expect(times.onAxis(4_000)).toBe(4_000)
    expect(times.onAxis(hour + 10_000) - times.onAxis(hour)).toBe(10_000)
    expect(times.onAxis(hour) - times.onAxis(10_000)).toBe(800)
    // In order, also within the break.
    expect(times.onAxis(hour / 2)).toBeGreaterThan(times.onAxis(10_000))
    expect(times.onAxis(hour / 2)).toBeLessThan(times.onAxis(hour))
  })

  test('pauses that are short beside the work are drawn as they were', () => {
    const busy = [
      { from: 0, to: 60_000 },
      { from: 66_000, to: 120_000 },
    ]
    expect(timeMap(busy).gaps).toEqual([])
    expect(timeMap([]).onAxis(5)).toBe(5)
  })

  test('a task that is retried an hour later leaves its plan the length of its work', () => {
    const plan = model(
      ran('a', 0, 10_000),
      ran('b', hour, hour + 10_000, {
        queuedAt: hour,
        attempt: 2,
        attempts: [
          { number: 1, startedAt: 0, finishedAt: 9_000, outcome: 'failed' },
          { number: 2, startedAt: hour, finishedAt: hour + 10_000, outcome: 'succeeded' },
        ],
      }),
    )
    const times = planTimes(plan, [], hour * 2)
    const domain = timeDomain(plan, hour * 2, false, 0, times)
    expect(domain.to - domain.from).toBe(20_800)
    // A synthesis in between is not work, but it is not cut away either.
    expect(planTimes(plan, [12_000], hour * 2).gaps).toEqual([{ from: 12_000, to: hour }])
  })
})
