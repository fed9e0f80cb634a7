import { inOrderOfPriority } from '../core/batch/units.ts'
import type { Usage } from '../core/contract/usage.ts'
import { finalSynthesisJobId } from '../core/ports/queue.ts'
import type { NewPlan } from '../core/ports/records.ts'
import { compactJson } from './compact-json.ts'

/** Whether some of its tasks wait for others, or for its limit. */
function isConstrained({ spec, initial }: NewPlan): boolean {
  return spec.units.limit !== null || initial.held.size > 0
}

/** The header of a new plan, without its time of creation. */
export function headerFields(plan: NewPlan, retentionMs: number): (string | number)[] {
  const { spec, usage } = plan
  const units = Math.ceil(plan.tasks.length / spec.units.size)
  const bundles = spec.units.size > 1 ? units : 0
  const constrained = isConstrained(plan)
  return [
    'spec',
    JSON.stringify(spec),
    'requestHash',
    plan.requestHash,
    'n:queued',
    plan.tasks.length,
    'onFailure',
    spec.policy.onFailure,
    'constrained',
    constrained ? 1 : 0,
    'limit',
    spec.units.limit ?? 0,
    'inFlight',
    constrained ? plan.initial.released.length : 0,
    'nextUnit',
    units,
    ...(bundles === 0
      ? []
      : ['bundles', bundles, 'tickets', bundles, 'bundleSize', spec.units.size]),
    'budgetNanos',
    Math.round((spec.policy.budgetUsd ?? 0) * 1e9),
    'webhookEvents',
    spec.webhook === undefined ? '' : `,${spec.webhook.events.join(',')},`,
    ...(usage.steps === 0 ? [] : usageFields(usage)),
    'retentionMs',
    retentionMs,
    'syn:pending',
    1,
    ...(spec.units.writesSynthesis ? ['syn:own', finalSynthesisJobId(spec.id, 0)] : []),
    'syn:status',
    spec.synthesis === false ? 'disabled' : 'pending',
    'syn:none',
    spec.synthesis === false ? 1 : 0,
    ...(spec.synthesis === false || spec.synthesis.every === undefined
      ? []
      : ['syn:every', spec.synthesis.every]),
  ]
}

function usageFields({ costUsd, ...tokens }: Usage): (string | number)[] {
  const counts = Object.entries(tokens).flatMap(([name, count]) => [`u:${name}`, count])
  return [...counts, 'u:costNanos', Math.round(costUsd * 1e9)]
}

/** The same order as `make_ready` in the scripts. */
function rankOf({ tasks, spec }: NewPlan, unit: number): number {
  const priority = spec.units.size > 1 ? 0 : (tasks[unit]?.priority ?? 0)
  return unit - priority * 1e7
}

/** A command on one of the plan's keys. A long list of arguments is sent in several commands. */
export type Write = [
  command: 'HSET' | 'ZADD' | 'RPUSH' | 'SADD',
  suffix: string,
  args: (string | number)[],
]

/** What fits into the one script that creates a plan; the writes of larger plans are staged. */
const ARGS_IN_ONE_SCRIPT = 2_000
const CHARS_IN_ONE_SCRIPT = 1_000_000

/** Per command: few enough that Redis can answer others in between. */
const ARGS_AT_ONCE = 500
const CHARS_AT_ONCE = 250_000

const known = new WeakMap<NewPlan, Write[]>()

/** Everything of a plan that is not in its header. Computed once per plan. */
export function writesOf(plan: NewPlan): Write[] {
  const { submission, spec, initial } = plan
  const writes: Write[] = known.get(plan) ?? [
    ['HSET', 'specs', plan.tasks.flatMap((task) => [task.id, JSON.stringify(task)])],
    ['HSET', 'submission', submission ? ['body', compactJson(submission)] : []],
    ['HSET', 'files', Object.entries(plan.files ?? {}).flat()],
    ...holdingWrites(plan),
    // The jobs of a batch in slices are all held, and released once they are all in the queue.
    ['SADD', 'released', spec.units.inSlices === true ? initial.released : []],
  ]
  known.set(plan, writes)
  return writes.filter(([, , args]) => args.length > 0)
}

/** Whether the writes are too much for one script. */
export function isLarge(writes: readonly Write[]): boolean {
  const args = writes.flatMap(([, , some]) => some)
  const chars = args.reduce<number>((sum, arg) => sum + String(arg).length, 0)
  return args.length > ARGS_IN_ONE_SCRIPT || chars > CHARS_IN_ONE_SCRIPT
}

/** The arguments of a write in several commands. An even number each: fields keep their values. */
export function pagesOf(args: Write[2]): Write[2][] {
  const pages: Write[2][] = []
  let chars = CHARS_AT_ONCE
  for (let at = 0; at < args.length; at += 2) {
    const pair = args.slice(at, at + 2)
    const size = pair.reduce<number>((sum, arg) => sum + String(arg).length, 0)
    const page = pages.at(-1)
    chars += size
    if (page === undefined || page.length >= ARGS_AT_ONCE || chars > CHARS_AT_ONCE) {
      pages.push(pair)
      chars = size
    } else {
      page.push(...pair)
    }
  }
  return pages
}

/** What a plan with an order or a limit needs in addition to its header; see `lua/shared/release.lua`. */
function holdingWrites(plan: NewPlan): Write[] {
  const { size } = plan.spec.units
  const { held, ready } = plan.initial
  const isReady: Write = ['ZADD', 'ready', ready.flatMap((unit) => [rankOf(plan, unit), unit])]
  if (size > 1) {
    return [isReady, ['RPUSH', 'todo', inOrderOfPriority(plan.tasks).map(({ id }) => id)]]
  }
  if (!isConstrained(plan)) return []
  const dependents = new Map<string, string[]>()
  for (const { id, waitsFor = [] } of plan.tasks) {
    for (const dependency of waitsFor) {
      const known = dependents.get(dependency)
      if (known === undefined) dependents.set(dependency, [id])
      else known.push(id)
    }
  }
  const priorities = plan.tasks.flatMap(({ priority }, unit) =>
    priority === 0 ? [] : [unit, priority],
  )
  return [
    isReady,
    ['HSET', 'units', plan.tasks.flatMap(({ id }, unit) => [id, unit])],
    ['HSET', 'priorities', priorities],
    ['HSET', 'dependents', [...dependents].flatMap(([id, ids]) => [id, JSON.stringify(ids)])],
    ['HSET', 'held', [...held].flat()],
  ]
}
