import { describe, expect, test } from 'vitest'
import type { Prices } from '../../../src/core/budget/prices.ts'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import { type EstimateOptions, estimate } from '../../../src/core/preflight/estimate.ts'

const prices: Prices = {
  source: 'a price list',
  date: '2026-01-01',
  models: {
    'test:m': { inputPerMTok: 10, outputPerMTok: 100, cacheReadPerMTok: 1, cacheWritePerMTok: 12 },
  },
}
const options: EstimateOptions = {
  prices,
  defaultModel: 'test:m',
  usesModel: (executor) => executor === 'model',
  hasWorkspace: false,
  relaxes: () => false,
  synthesisModel: undefined,
}

function aTask(more: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id: 'a',
    description: 'A',
    task: 'x'.repeat(4_000),
    executor: 'model',
    timeoutMs: 1,
    attempts: 1,
    priority: 0,
    ...more,
  }
}

describe('an estimate', () => {
  test('counts nothing for executors without a model', () => {
    expect(estimate([aTask({ executor: 'echo' })], 'context', options)).toEqual({
      tasks: 1,
      tokens: { low: 0, high: 0 },
      costUsd: { low: 0, high: 0 },
      unpricedModels: [],
    })
  })

  test('is between one short answer and one long one', () => {
    const { tokens, costUsd, prices: from } = estimate([aTask()], '', options)
    // About 1,000 tokens of prompt, guessed within a quarter.
    expect(tokens).toEqual({ low: 802 + 200 + 300, high: Math.round(1_002 * 1.25) + 2_000 + 4_000 })
    expect(costUsd?.low).toBeCloseTo((1_001.6 * 10 + 300 * 100) / 1e6, 4)
    expect(costUsd?.high).toBeCloseTo((3_252.5 * 10 + 4_000 * 100) / 1e6, 4)
    expect(from).toEqual({ source: 'a price list', date: '2026-01-01' })
  })

  test('tells what it costs if the calls that can go out in a batch do', () => {
    const tasks = [aTask(), aTask({ id: 'b', tools: ['grep'] })]
    const relaxes = ({ tools }: TaskSpec) => tools === undefined
    const { costUsd, relaxedCostUsd } = estimate(tasks, '', { ...options, relaxes })
    const alone = estimate([aTask()], '', options).costUsd
    const saved = (costUsd?.high ?? 0) - (relaxedCostUsd?.high ?? 0)
    expect(saved).toBeCloseTo((alone?.high ?? 0) / 2, 3)
    expect(estimate(tasks, '', options)).not.toHaveProperty('relaxedCostUsd')
  })

  test('is lower for a shared context than for tasks that repeat it', () => {
    const context = 'y'.repeat(80_000)
    const tasks = Array.from({ length: 8 }, (_, index) => aTask({ id: `t${index}`, task: 'go' }))
    const shared = estimate(tasks, context, options)
    const repeated = estimate(
      tasks.map((task) => ({ ...task, task: `${context} go` })),
      '',
      options,
    )
    expect(shared.tokens.low).toBeCloseTo(repeated.tokens.low, -2)
    expect(shared.costUsd?.low).toBeLessThan((repeated.costUsd?.low ?? 0) / 2)
  })

  test('is higher where tasks read files, and where a model writes the synthesis', () => {
    const alone = estimate([aTask()], '', options)
    const reading = estimate([aTask()], '', { ...options, hasWorkspace: true })
    const synthesis = estimate([aTask()], '', { ...options, synthesisModel: 'test:m' })
    expect(reading.tokens.high).toBeGreaterThan(5 * alone.tokens.high)
    expect(synthesis.tokens.low).toBeGreaterThan(alone.tokens.low)
  })

  test('names models without a known price, and then no cost', () => {
    const { costUsd, unpricedModels } = estimate(
      [aTask(), aTask({ id: 'b', model: 'other:x' }), aTask({ id: 'c', model: 'local:qwen' })],
      '',
      options,
    )
    expect(costUsd).toBeNull()
    expect(unpricedModels).toEqual(['other:x'])
  })

  test('is never higher at its low end', () => {
    for (const hasWorkspace of [true, false]) {
      for (const context of ['', 'z'.repeat(100_000)]) {
        const { tokens, costUsd } = estimate([aTask(), aTask({ dependsOn: ['a'] })], context, {
          ...options,
          hasWorkspace,
          synthesisModel: 'test:m',
        })
        expect(tokens.low).toBeLessThanOrEqual(tokens.high)
        expect(costUsd?.low).toBeLessThanOrEqual(costUsd?.high ?? 0)
      }
    }
  })
})
