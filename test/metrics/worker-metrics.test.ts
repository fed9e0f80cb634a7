import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { NO_USAGE } from '../../src/core/contract/usage.ts'
import type { SynthesisStore } from '../../src/core/ports/synthesis-store.ts'
import { workerMetrics } from '../../src/metrics/worker-metrics.ts'

const finish = { finish: async () => 'stored' } as unknown as SynthesisStore

test('what a plan cost is counted for its tenant, which is looked up once a plan', async () => {
  const registry = new Registry()
  const metrics = workerMetrics(registry, { slots: () => [], defaultModel: undefined })
  const asked: string[] = []
  metrics.readTenants(async (planId) => {
    asked.push(planId)
    if (planId === 'p-lost') throw new Error('the store is away')
    return planId === 'p-gone' ? undefined : 'acme'
  })
  const { finish: spend } = metrics.syntheses(finish)
  const costing = (costUsd: number) => ({ usage: { ...NO_USAGE, costUsd } }) as never
  await spend('p1', 'job-1', costing(0.5))
  await spend('p-free', 'job-2', costing(0))
  const lines = async () =>
    (await registry.metrics())
      .split('\n')
      .filter((line) => line.startsWith('tutti_cost_usd_total{'))
  await expect.poll(lines).toEqual(['tutti_cost_usd_total{tenant="acme"} 0.5'])
  await spend('p1', 'job-3', costing(0.25))
  await spend('p-gone', 'job-4', costing(1))
  await spend('p-lost', 'job-5', costing(2))
  await expect
    .poll(lines)
    .toEqual([
      'tutti_cost_usd_total{tenant="acme"} 0.75',
      'tutti_cost_usd_total{tenant="unknown"} 3',
    ])
  expect(asked).toEqual(['p1', 'p-gone', 'p-lost'])
})
