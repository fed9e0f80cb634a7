import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import type { CollectedSpan, Collector } from './collector.ts'

/** A caller with its own trace, which is sampled unless `flags` say otherwise. */
export function aCaller(flags = '01') {
  const traceId = randomBytes(16).toString('hex')
  const spanId = randomBytes(8).toString('hex')
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` }
}

/** The spans of a trace, once this many of each name have arrived; there may be no others. */
export async function traceOf(
  collector: Collector,
  traceId: string,
  names: Record<string, number>,
) {
  const mine = (spans: CollectedSpan[]) => spans.filter((span) => span.traceId === traceId)
  const spans = mine(
    await collector.until((all) =>
      Object.entries(names).every(([name, count]) => named(mine(all), name).length >= count),
    ),
  )
  const counts = Object.groupBy(spans, ({ name }) => name)
  expect(
    Object.fromEntries(Object.entries(counts).map(([name, all]) => [name, all?.length])),
  ).toEqual(names)
  return { spans, tree: childrenOf(spans), one: (name: string) => named(spans, name)[0] }
}

export function named(spans: readonly CollectedSpan[], name: string): CollectedSpan[] {
  return spans.filter((span) => span.name === name)
}

/** Names of the spans under each name. */
function childrenOf(spans: CollectedSpan[]): Record<string, string[]> {
  const tree: Record<string, string[]> = {}
  for (const { name, parentSpanId } of spans) {
    const parent = spans.find(({ spanId }) => spanId === parentSpanId)?.name ?? 'outside'
    tree[parent] = [...(tree[parent] ?? []), name].toSorted()
  }
  return tree
}
