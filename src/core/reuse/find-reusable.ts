import type { CachedFrom } from '../contract/cache.ts'
import type { Executor, TaskOutput } from '../ports/executor.ts'
import type { ReuseStore, TaskInputs } from '../ports/reuse.ts'
import { hasSameFiles, type InputFolder } from './read-files.ts'
import type { Hash } from './task-key.ts'

export interface ReuseDeps {
  store: ReuseStore
  hash: Hash
  version: string
  /** Milliseconds since 1970. */
  now: () => number
}

export interface Reusable {
  from: CachedFrom
  inputs: TaskInputs
  output: TaskOutput
}

/**
 * The first of some tasks that had the same inputs and whose output can be had. It may be deleted at
 * any moment; what is returned is a copy.
 */
export async function findReusable(
  deps: Pick<ReuseDeps, 'store' | 'hash' | 'now'>,
  wanted: {
    tenant: string
    key: string
    candidates: readonly CachedFrom[]
    maxAgeMs: number | undefined
    folder: InputFolder | undefined
    executor: Executor
    signal: AbortSignal
  },
): Promise<Reusable | undefined> {
  const { tenant, key, maxAgeMs, folder, executor, signal } = wanted
  for (const from of wanted.candidates) {
    const inputs = await deps.store.inputs(from)
    if (inputs === 'gone') await deps.store.forget(tenant, from.planId)
    if (inputs === undefined || inputs === 'gone' || inputs.key !== key) continue
    if (maxAgeMs !== undefined && deps.now() - inputs.madeAt > maxAgeMs) continue
    if (!(await hasSameFiles(deps.hash, folder, executor, inputs, signal))) continue
    const output = await deps.store.output(from, inputs)
    if (output !== undefined) return { from, inputs, output }
  }
  return undefined
}
