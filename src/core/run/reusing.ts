import type { CachedFrom } from '../contract/cache.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import { NO_USAGE } from '../contract/usage.ts'
import type { Executor } from '../ports/executor.ts'
import type { TaskInputs } from '../ports/reuse.ts'
import { findReusable, type Reusable, type ReuseDeps } from '../reuse/find-reusable.ts'
import { type ReadFiles, watchReads } from '../reuse/read-files.ts'
import { taskKey } from '../reuse/task-key.ts'
import type { AttemptFolder } from './attempt-folder.ts'
import type { LoadedPlan } from './plan-cache.ts'
import type { AttemptResult } from './run-attempt.ts'
import { untilAvailable } from './until-available.ts'

/** What an attempt adds to its result. */
export interface ReuseResult {
  cachedFrom?: CachedFrom
  inputs?: TaskInputs
}

export interface Reusing {
  executor: Executor
  /** A reused output, exactly as it was; its edits are in the folder. */
  outputOf(result: AttemptResult): AttemptResult
  /** To be stored with a task that has succeeded. */
  result(): ReuseResult
}

export interface ReusedAttempt {
  plan: LoadedPlan
  spec: TaskSpec
  /** It was retried by name: it is to run, whatever there is. */
  isAnew: boolean
  executor: Executor
  folder: () => AttemptFolder
  outputHashes: () => readonly string[]
  /** Whether nothing but its inputs has a part in the output: no earlier attempt, no person. */
  isAlone: () => boolean
  onFault: (error: unknown) => void
}

const contextHashes = new WeakMap<LoadedPlan, string>()

/**
 * Wraps the executor of a task with a `cache`: it is called only if no output of an earlier task can be reused. Notes what the
 * task depends on, so that its own output can be.
 */
export function reusing(deps: ReuseDeps, attempt: ReusedAttempt): Reusing {
  const { plan, spec, executor } = attempt
  let found: Reusable | undefined
  let inputs: TaskInputs | undefined

  const hashOfContext = () => {
    const hash = contextHashes.get(plan) ?? deps.hash(plan.context)
    contextHashes.set(plan, hash)
    return hash
  }

  async function find(key: string, signal: AbortSignal): Promise<Reusable | undefined> {
    if (attempt.isAnew || spec.cache?.mode !== 'reuse') return undefined
    const { tenant } = plan.spec
    const candidates = await untilAvailable(() => deps.store.candidates(tenant, key), signal)
    if (candidates.length === 0) return undefined
    const { input } = attempt.folder()
    const { maxAgeMs } = spec.cache
    const reusable = await untilAvailable(
      () =>
        findReusable(deps, { tenant, key, candidates, maxAgeMs, folder: input, executor, signal }),
      signal,
    )
    const edits = reusable?.output.edits
    if (edits === undefined || (await attempt.folder().apply(edits))) return reusable
    return undefined
  }

  return {
    executor: {
      ...executor,
      async execute(request, context) {
        const { signal } = context
        const { input } = attempt.folder()
        const key = taskKey(deps.hash, {
          tenant: plan.spec.tenant,
          version: deps.version,
          executor,
          spec,
          contextHash: hashOfContext(),
          prompt: request.prompt,
          hasWorkspace: input !== undefined,
          outputHashes: attempt.outputHashes(),
        })
        // What could not be looked up is run; only an abort ends the attempt.
        const guarded = <T>(operation: Promise<T>): Promise<T | undefined> =>
          operation.catch((error: unknown) => {
            signal.throwIfAborted()
            attempt.onFault(error)
            return undefined
          })
        found = await guarded(find(key, signal))
        if (found !== undefined) {
          inputs = found.inputs
          return { status: 'succeeded', output: found.output, usage: NO_USAGE }
        }
        const watched =
          input && (await guarded(watchReads(deps.hash, input, executor, spec, signal)))
        const outcome = await executor.execute(
          request,
          watched === undefined ? context : { ...context, reads: watched.log },
        )
        const read: ReadFiles | undefined = input === undefined ? {} : watched?.files()
        if (read !== undefined && attempt.isAlone()) {
          inputs = { key, madeAt: deps.now(), ...read }
        }
        return outcome
      },
    },
    outputOf(result) {
      if (found === undefined || result.status !== 'succeeded') return result
      const { edits: _, ...output } = found.output
      return { ...result, output }
    },
    result: () => ({
      ...(found === undefined ? {} : { cachedFrom: found.from }),
      ...(inputs === undefined ? {} : { inputs }),
    }),
  }
}
