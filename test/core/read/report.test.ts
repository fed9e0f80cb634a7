import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NO_USAGE } from '../../../src/core/contract/usage.ts'
import { Report } from '../../../src/core/contract/views.ts'
import { buildReport } from '../../../src/core/read/report.ts'
import type { ReportInput, ReportTask } from '../../../src/core/read/report-input.ts'

function ran(
  taskId: string,
  startedAt: number,
  finishedAt: number,
  more: Partial<ReportTask> = {},
): ReportTask {
  return {
    taskId,
    status: 'succeeded',
    dependsOn: [],
    queuedAt: 0,
    startedAt,
    finishedAt,
    attempts: 1,
    costUsd: 0,
    ...more,
  }
}

function report(tasks: ReportTask[], more: Partial<ReportInput> = {}) {
  return buildReport({
    tasks,
    usage: NO_USAGE,
    now: 1_000_000,
    createdAt: 0,
    mode: 'parallel',
    ...more,
  })
}

const codes = (tasks: ReportTask[], more: Partial<ReportInput> = {}) =>
  report(tasks, more).diagnostics.map(({ code }) => code)

test('five parallel tasks of 30 s take 30 s instead of 150', () => {
  const five = Array.from({ length: 5 }, (_, index) => ran(`t${index}`, 10, 30_010))
  expect(report(five)).toEqual({
    wallMs: 30_000,
    idleMs: 0,
    sumOfTaskMs: 150_000,
    coreWaitMs: 0,
    speedup: 5,
    effectiveParallelism: 5,
    criticalPathMs: 30_000,
    queueWaitMs: { p50: 10, p95: 10, max: 10 },
    stragglers: [],
    usage: NO_USAGE,
    cost: { tasksUsd: 0, synthesisUsd: 0, estimateUsd: null, topTasks: [] },
    diagnostics: [],
  })
})

/** Of a task that took ten seconds, on two cores. */
const computing = (ranMs: number, waitedMs: number, host = 'one') => ({
  host,
  coreTimes: { ranMs, waitedMs, cores: 2 },
})

describe('time in which tasks keep each other waiting for a core', () => {
  const four = (of: (index: number) => Partial<ReportTask>) =>
    Array.from({ length: 4 }, (_, index) => ran(`t${index}`, 0, 10_000, of(index)))

  test('is not saved by running them side by side', () => {
    const tasks = four(() => computing(5_000, 5_000))
    expect(report(tasks)).toMatchObject({
      sumOfTaskMs: 40_000,
      coreWaitMs: 20_000,
      speedup: 2,
      effectiveParallelism: 4,
    })
    expect(codes(tasks)).toContain('cores-busy')
  })

  test('does not include waiting for what else the machine does', () => {
    // Three quarters of the cores' time went to other programs.
    const tasks = four(() => computing(1_250, 8_750))
    expect(report(tasks)).toMatchObject({ coreWaitMs: 7_000, speedup: 3.3 })
    expect(report([ran('a', 0, 10_000, computing(1_000, 9_000))])).toMatchObject({ speedup: 1 })
  })

  test('is none on machines of their own, and none for tasks that only wait for an answer', () => {
    expect(report(four((index) => computing(5_000, 5_000, `h${index}`)))).toMatchObject({
      speedup: 4,
    })
    expect(report(four(() => computing(20, 0)))).toMatchObject({ coreWaitMs: 0, speedup: 4 })
  })
})

test('a plan that has not started, and one without measurable times, divide nothing by zero', () => {
  const queued = {
    ...ran('a', 0, 0),
    status: 'queued' as const,
    startedAt: undefined,
    finishedAt: undefined,
    attempts: 0,
  }
  expect(report([queued], { now: 100 })).toMatchObject({
    wallMs: 0,
    sumOfTaskMs: 0,
    speedup: 0,
    effectiveParallelism: 0,
    diagnostics: [],
  })
  expect(report([])).toMatchObject({ speedup: 0, queueWaitMs: { p50: 0, p95: 0, max: 0 } })
  expect(report([ran('a', 5, 5)])).toMatchObject({ wallMs: 0, speedup: 1 })
})

test('a running plan is counted until now', () => {
  const running = { ...ran('a', 1_000, 0), status: 'running' as const, finishedAt: undefined }
  expect(report([running, ran('b', 1_000, 2_000)], { now: 4_000 })).toMatchObject({
    wallMs: 3_000,
    sumOfTaskMs: 4_000,
    criticalPathMs: 3_000,
  })
})

test('the critical path is the longest chain, and waiting for it is not waiting for workers', () => {
  const result = report([
    ran('a', 0, 1_000),
    ran('b', 1_000, 4_000, { dependsOn: ['a'] }),
    ran('c', 1_000, 2_000, { dependsOn: ['a'] }),
    ran('d', 4_000, 5_000, { dependsOn: ['b', 'c'] }),
  ])
  expect(result.criticalPathMs).toBe(5_000)
  expect(result.queueWaitMs.max).toBe(0)
  expect(result.diagnostics.map(({ code }) => code)).toEqual(['straggler', 'dependency-chain'])
})

describe('the report says in words', () => {
  test('that too few workers made the tasks run one after another', () => {
    const tasks = [0, 1, 2, 3].map((index) =>
      ran(`t${index}`, index * 2_000, index * 2_000 + 2_000),
    )
    const { diagnostics } = report(tasks)
    expect(diagnostics).toMatchObject([{ code: 'ran-one-after-another' }])
    expect(diagnostics[0]?.message).toContain('4 were ready at once: too few workers')
  })

  test('that tasks waited long for a worker', () => {
    const tasks = Array.from({ length: 8 }, (_, index) =>
      ran(`t${index}`, Math.floor(index / 2) * 2_000, Math.floor(index / 2) * 2_000 + 2_000),
    )
    expect(report(tasks).diagnostics[0]).toEqual({
      code: 'long-queue-wait',
      message:
        'Tasks that were ready waited up to 6 s (p95 6 s); at most 2 of 8 ran at once: more workers would help.',
    })
  })

  test('that the policy kept them waiting, or the mode', () => {
    const tasks = [0, 1, 2, 3].map((index) =>
      ran(`t${index}`, index * 2_000, index * 2_000 + 2_000),
    )
    expect(codes(tasks, { maxConcurrency: 1 })).toEqual(['limited-by-policy'])
    expect(codes(tasks, { mode: 'sequential' })).toEqual(['sequential-mode'])
  })

  test('that one straggler took most of the time', () => {
    const result = report([ran('a', 0, 1_000), ran('b', 0, 1_200), ran('slow', 0, 10_000)])
    expect(result.stragglers).toEqual([{ taskId: 'slow', durationMs: 10_000, timesMedian: 8.33 }])
    expect(result.diagnostics).toEqual([
      {
        code: 'straggler',
        message:
          "Task slow took 10 s, 100% of the plan's time and 8.33 times the median task: the plan could not end before it.",
      },
    ])
    const extreme = report([ran('a', 0, 3), ran('b', 0, 3), ran('slow', 0, 10_000)])
    expect(extreme.diagnostics[0]?.message).toContain(' 3,333 times the median task')
  })

  test('that tasks were retried, and that workers were lost', () => {
    const { diagnostics } = report([
      ran('a', 0, 1_000, { attempts: 3 }),
      ran('b', 0, 1_000, { attempts: 2, lost: 1 }),
    ])
    expect(diagnostics).toEqual([
      { code: 'worker-lost', message: '1 run ended because a worker was lost or shut down.' },
      {
        code: 'retries',
        message: "1 task ran more than once: 2 retries, whose time is part of the plan's.",
      },
    ])
  })

  test('that no worker takes the tasks, and that they came late', () => {
    const queued = {
      ...ran('a', 0, 0),
      status: 'queued' as const,
      startedAt: undefined,
      finishedAt: undefined,
    }
    expect(codes([queued], { now: 9_000 })).toEqual(['no-worker'])
    expect(codes([ran('a', 8_000, 9_000), ran('b', 8_000, 9_000)])).toEqual(['late-start'])
  })
})

test('every report fits its schema and holds no number that is not finite', () => {
  const time = fc.integer({ min: 0, max: 100_000 })
  const task = fc.record({
    status: fc.constantFrom(
      'queued' as const,
      'running' as const,
      'succeeded' as const,
      'failed' as const,
    ),
    queuedAt: time,
    startedAt: fc.option(time, { nil: undefined }),
    finishedAt: fc.option(time, { nil: undefined }),
    attempts: fc.nat(5),
    costUsd: fc.double({ min: 0, max: 1_000, noNaN: true }),
    dependsOn: fc.array(fc.constantFrom('t0', 't1', 't2'), { maxLength: 2 }),
  })
  fc.assert(
    fc.property(
      fc.array(task, { maxLength: 12 }),
      fc.constantFrom('parallel' as const, 'sequential' as const),
      (tasks, mode) => {
        const result = report(
          tasks.map((each, index) => ({ ...each, taskId: `t${index}` })),
          { mode, now: 50_000 },
        )
        expect(Report.safeParse(result).success).toBe(true)
        for (const value of [
          result.wallMs,
          result.speedup,
          result.criticalPathMs,
          result.queueWaitMs.p95,
        ]) {
          expect(Number.isFinite(value) && value >= 0).toBe(true)
        }
      },
    ),
  )
})

test('ten thousand tasks are reported', () => {
  const tasks = Array.from({ length: 10_000 }, (_, index) =>
    ran(`t${index}`, index, index + 100, index === 0 ? {} : { dependsOn: [`t${index - 1}`] }),
  )
  expect(report(tasks).criticalPathMs).toBe(1_000_000)
})

test('a retry an hour later does not make the plan an hour longer', () => {
  const hour = 3_600_000
  const tasks = [ran('a', 0, 10_000), ran('b', 0, 10_000), ran('c', hour + 50, hour + 10_050)]
  const retried = tasks.map((task) => (task.taskId === 'c' ? { ...task, queuedAt: hour } : task))
  expect(report(retried)).toMatchObject({ wallMs: 20_050, idleMs: hour - 10_000, speedup: 1.5 })
  const allRetried = [ran('a', hour + 50, hour + 10_050, { queuedAt: hour })]
  expect(report(allRetried, { startedAt: 0 })).toMatchObject({ wallMs: 10_000, idleMs: hour })
})

test('a cancelled task is not a straggler, and a very short plan has none', () => {
  const quick = Array.from({ length: 4 }, (_, index) => ran(`t${index}`, 0, 1_000))
  const slow = ran('slow', 0, 60_000)
  expect(report([...quick, slow]).stragglers).toHaveLength(1)
  expect(report([...quick, { ...slow, status: 'cancelled' }]).stragglers).toEqual([])
  expect(report([ran('a', 0, 2), ran('b', 0, 2), ran('c', 0, 28)])).toMatchObject({
    stragglers: [],
    diagnostics: [],
  })
})

describe('the cost', () => {
  const tasks = [ran('a', 0, 9, { costUsd: 0.1 }), ran('b', 0, 9), ran('c', 0, 9, { costUsd: 0.2 })]
  const usage = { ...NO_USAGE, costUsd: 0.35 }

  test('of the synthesis is separate, and the most expensive task comes first', () => {
    expect(report(tasks, { usage }).cost).toEqual({
      tasksUsd: 0.3,
      synthesisUsd: 0.05,
      estimateUsd: null,
      topTasks: [
        { taskId: 'c', costUsd: 0.2 },
        { taskId: 'a', costUsd: 0.1 },
      ],
    })
  })

  test('outside of its estimate is remarked, once every task has ended', () => {
    const said = (low: number, high: number, more: ReportTask[] = tasks) =>
      report(more, { usage, estimate: { low, high }, now: 10 }).diagnostics.map(
        ({ message }) => message,
      )
    expect(said(0.01, 0.2)).toEqual(['The plan cost $0.35, above its estimate of $0.01 to $0.2.'])
    expect(said(0.4, 2)).toEqual(['The plan cost $0.35, below its estimate of $0.4 to $2.00.'])
    expect(said(0.1, 0.4)).toEqual([])
    const running = { ...ran('d', 0, 0), status: 'running' as const, finishedAt: undefined }
    expect(said(0.01, 0.2, [...tasks, running])).toEqual([])
  })
})
