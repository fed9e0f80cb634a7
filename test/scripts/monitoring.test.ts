import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { processRegistry, redisMetrics } from '../../src/metrics/process-metrics.ts'
import { serviceMetrics } from '../../src/metrics/service-metrics.ts'
import { workerMetrics } from '../../src/metrics/worker-metrics.ts'

const ROOT = join(import.meta.dirname, '../..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string; description: string }
}
interface Panel {
  id: number
  type: string
  title: string
  description?: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets?: { refId: string; expr: string }[]
}

const { groups } = parse(read('deploy/prometheus/alerts.yml')) as { groups: { rules: Rule[] }[] }
const rules = groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(read('deploy/grafana/dashboard.json')) as { panels: Panel[] }
const { spec: scaling } = parse(read('deploy/kubernetes/worker-scaling.yaml')) as {
  spec: { triggers: { metadata: { query: string } }[] }
}
const expressions: [where: string, expression: string][] = [
  ...rules.map(({ alert, expr }): [string, string] => [alert, expr]),
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  ),
  ...scaling.triggers.map(({ metadata }): [string, string] => ['worker scaling', metadata.query]),
]

/** Labels by the name of the series, as Prometheus reads them from API and workers. */
async function seriesOfTheService(): Promise<Map<string, Set<string>>> {
  const registry = processRegistry()
  redisMetrics(registry, async () => undefined)
  serviceMetrics(registry, { read: () => Promise.reject(new Error()), waitingCallers: () => 0 })
  workerMetrics(registry, { slots: () => [], defaultModel: undefined })
  const series = new Map<string, Set<string>>()
  for (const metric of registry.getMetricsAsArray()) {
    const { name, type, labelNames } = metric as unknown as {
      name: string
      type: string
      labelNames: string[]
    }
    const parts = type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
    for (const part of parts) series.set(`${name}${part}`, new Set([...labelNames, 'le']))
  }
  return series
}

interface Selector {
  series: string
  labels: string[]
}

/** The series that an expression reads. @throws {Error} at the first position that is not PromQL. */
function selectorsOf(expression: string): Selector[] {
  const text = expression.replaceAll('$__rate_interval', '5m')
  const selectors: Selector[] = []
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`)
      if (type.name !== 'VectorSelector') return
      const name = node.getChild('Identifier')
      const matchers = node.getChild('LabelMatchers')
      const matched = matchers === null ? '' : text.slice(matchers.from, matchers.to)
      selectors.push({
        series: name === null ? text.slice(from, to) : text.slice(name.from, name.to),
        labels: Array.from(matched.matchAll(/(\w+)\s*(?:=~|!=|!~|=)/g), ([, label = '']) => label),
      })
    },
  })
  return selectors
}

describe('alerts, the Grafana dashboard and the scaling of workers', () => {
  test.each(expressions)('%s reads series that the service has: %s', async (_, expression) => {
    const series = await seriesOfTheService()
    const selectors = selectorsOf(expression)
    expect(selectors.length).toBeGreaterThan(0)
    for (const { series: name, labels } of selectors) {
      const known = series.get(name)
      expect(known, name).toBeDefined()
      expect(labels.filter((label) => known?.has(label) !== true)).toEqual([])
    }
  })

  test('an expression that is not PromQL is noticed', () => {
    expect(() => selectorsOf('sum(rate(tutti_tasks[5m])')).toThrow('no PromQL')
  })

  test('every alert says how bad it is, what it is and what to do first, and the operator’s page the rest', () => {
    const page = read('docs/operations.md')
    const explained = [...page.matchAll(/^\| `(Tutti\w+)` \|/gm)].map(([, name]) => name)
    expect(new Set(explained)).toEqual(new Set(rules.map(({ alert }) => alert)))
    for (const { labels, annotations } of rules) {
      expect(['critical', 'warning']).toContain(labels.severity)
      expect(annotations.summary).toMatch(/\.$/)
      expect(annotations.description).toMatch(/\.$/)
    }
  })

  test('every series of the service is explained on the operator’s page', async () => {
    const page = read('docs/operations.md')
    const own = [...(await seriesOfTheService()).keys()]
      .filter((name) => name.startsWith('tutti_'))
      .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''))
    expect([...new Set(own)].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })

  test('the panels of the dashboard say what they show, and none covers another', () => {
    const { panels } = dashboard
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      expect(panel.description, panel.title).toMatch(/\.$/)
    }
    const covers = (a: Panel['gridPos'], b: Panel['gridPos']) =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
    for (const [index, { title, gridPos }] of panels.entries()) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
      const covered = panels.slice(index + 1).filter((other) => covers(gridPos, other.gridPos))
      expect(covered.map((other) => `${title} / ${other.title}`)).toEqual([])
    }
  })
})
