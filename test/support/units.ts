import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { initialUnits, layoutUnits, unitsOf } from '../../src/core/batch/units.ts'
import type { Policy } from '../../src/core/contract/submission.ts'
import type { TaskSpec } from '../../src/core/contract/task-spec.ts'
import { NO_USAGE } from '../../src/core/contract/usage.ts'
import { extractFindings } from '../../src/core/findings/extract-findings.ts'
import type { ExecutionContext, ExecutionOutcome, Executor } from '../../src/core/ports/executor.ts'
import type { PlanSpec } from '../../src/core/ports/records.ts'
import { NO_TRACER } from '../../src/core/ports/tracing.ts'
import type { Workspaces } from '../../src/core/ports/workspaces.ts'
import { editsBefore } from '../../src/core/run/edits-before.ts'
import { planCache } from '../../src/core/run/plan-cache.ts'
import type { RunUnitDeps } from '../../src/core/run/run-deps.ts'
import { runUnit } from '../../src/core/run/run-unit.ts'
import { runningTasks } from '../../src/core/run/running-tasks.ts'
import { bullBatchQueue } from '../../src/queue/batch-queue.ts'
import { createSlots } from '../../src/queue/slots.ts'
import { redisBudgetStore } from '../../src/store/budget-store.ts'
import { redisEventLog } from '../../src/store/events.ts'
import { planIdFrom, shardKey, shardOf } from '../../src/store/keys.ts'
import { redisPlanStore } from '../../src/store/plan-store.ts'
import { loadScripts } from '../../src/store/scripts.ts'
import { redisStepStore } from '../../src/store/step-store.ts'
import { redisTaskLife, redisTaskStore } from '../../src/store/task-store.ts'
import { redisTextLog } from '../../src/store/text-log.ts'

/** What a task does each time it is tried. */
export type Behaviour = (attempt: number, context: ExecutionContext) => Promise<ExecutionOutcome>

export const succeeds = (text = 'done'): ExecutionOutcome => ({
  status: 'succeeded',
  output: { text },
  usage: NO_USAGE,
})

/** Never ends by itself, as an executor that heeds its abort. */
export const untilAborted: Behaviour = (_, { signal }) =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })

/** Workers in this process, over the real stores and the real queue, with executors under control. */
export async function openUnits(redisUrl: string) {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null })
  redis.on('error', () => {})
  const space = { prefix: `test-${randomUUID().slice(0, 8)}`, shards: 1 }
  const run = loadScripts(redis)
  const plans = redisPlanStore({ redis, run, space, retentionMs: 60_000 })
  const tasks = redisTaskStore({ redis, space })
  const lifeOf = (workerId: string, mostLosses = 9) =>
    redisTaskLife({ redis, run, space, workerId, mostLosses })
  const life = lifeOf('w')
  const budgets = redisBudgetStore({ redis, run, space })
  const steps = redisStepStore({ redis, run, space })
  const events = redisEventLog({ redis, run, space })
  const shards = {
    count: 1,
    prefixOf: (shard: number) => shardKey(space, shard),
    shardOf,
  }
  const queue = await bullBatchQueue({ connection: redis, shards })
  const behaviours = new Map<string, Behaviour>()
  const faults: unknown[] = []

  const executor = (readsWorkspace: boolean): Executor => ({
    name: readsWorkspace ? 'files' : 'scripted',
    lane: 'io',
    describe: () => ({
      name: 'scripted',
      description: '',
      available: true,
      tools: [],
      capabilities: {
        readsWorkspace,
        requiresWorkspace: false,
        writesWorkspace: readsWorkspace,
        usesModel: false,
        structuredOutput: false,
        resumes: false,
        readsMessages: false,
      },
      cost: 'none',
      options: {},
    }),
    validate: () => [],
    execute: ({ planId, taskId, attempt }, context) =>
      (behaviours.get(`${planId} ${taskId}`) ?? (async () => succeeds()))(attempt, context),
  })

  /** Stores and enqueues a plan; its tasks do what `behaviours` say. */
  async function aPlan(
    given: (Partial<TaskSpec> & { id: string; does?: Behaviour })[],
    options: {
      policy?: Partial<Policy>
      workspace?: boolean
      files?: Record<string, string>
      webhook?: PlanSpec['webhook']
      every?: number
    } = {},
  ) {
    const specs = given.map(
      ({ does, ...task }): TaskSpec => ({
        description: task.id,
        prompt: task.id,
        executor: options.workspace === true ? 'files' : 'scripted',
        timeoutMs: 60_000,
        attempts: 3,
        priority: 0,
        ...task,
      }),
    )
    const id = planIdFrom(Buffer.from(randomUUID().replaceAll('-', ''), 'hex'), 1)
    for (const { id: taskId, does } of given) {
      if (does !== undefined) behaviours.set(`${id} ${taskId}`, does)
    }
    const spec = {
      id,
      tenant: 'default',
      title: 'A plan',
      mode: 'parallel' as const,
      policy: {
        onFailure: 'continue' as const,
        minSuccess: 0,
        onOverlap: 'reject' as const,
        ...options.policy,
      },
      workspace:
        options.files !== undefined
          ? { files: true as const }
          : options.workspace === true
            ? { path: '/nowhere' }
            : undefined,
      isolate: false,
      synthesis: { every: options.every },
      webhook: options.webhook,
      metadata: {},
      waves: [specs.map((task) => task.id)],
      units: layoutUnits(specs, {
        ordered: specs.some(({ waitsFor = [] }) => waitsFor.length > 0),
        maxConcurrency: options.policy?.maxConcurrency,
        laneOf: () => 'io',
        plainSynthesis: false,
      }),
      traceparent: undefined,
    }
    const initial = initialUnits(specs, spec.units)
    await plans.create({
      key: undefined,
      spec,
      context: '',
      tasks: specs,
      files: options.files,
      usage: NO_USAGE,
      requestHash: '',
      initial,
    })
    const units = unitsOf(spec, specs, {
      round: 0,
      held: (unit) => !initial.released.includes(unit),
    })
    await plans.markEnqueued(id, 0)
    const states = async () => {
      const found = await tasks.states(
        id,
        specs.map((task) => task.id),
      )
      return Object.fromEntries(specs.map((task, index) => [task.id, found[index]]))
    }
    const state = async (taskId: string) => {
      const [found] = await tasks.states(id, [taskId])
      if (found === undefined) throw new Error(`no task ${taskId}`)
      return found
    }
    const attempts = (taskId: string) => tasks.attempts(id, taskId, 20)
    return { id, spec, specs, units, state, states, attempts }
  }

  /** One worker process, as far as its units are concerned. */
  function aWorker(
    options: {
      slots?: number
      life?: RunUnitDeps['life']
      steps?: RunUnitDeps['steps']
      workspaces?: Partial<Workspaces>
      executor?: Executor
    } = {},
  ) {
    const slots = createSlots(options.slots ?? 100)
    const stopping = new AbortController()
    const ending = new AbortController()
    const running = runningTasks()
    const deps: RunUnitDeps = {
      plans: planCache(plans),
      tasks,
      life: options.life ?? life,
      queue,
      texts: redisTextLog({ run, space }),
      budgets,
      steps: options.steps ?? steps,
      allowanceOf: () => undefined,
      executors: new Map([
        ['scripted', executor(false)],
        ['files', executor(true)],
        ...(options.executor === undefined
          ? []
          : [[options.executor.name, options.executor] as const]),
      ]),
      workspaces: (options.workspaces ?? {}) as Workspaces,
      editsBefore: editsBefore(tasks),
      files: plans,
      running,
      tracer: NO_TRACER,
      acquireSlot: (_, signal) => slots.acquire('io', signal),
      stopping: stopping.signal,
      ending: ending.signal,
      findingsIn: async (text) => extractFindings(text),
      newToken: randomUUID,
      random: () => 0,
      onFault: (error) => void faults.push(error),
    }
    const lost = new AbortController()
    return {
      deps,
      slots,
      stopping,
      ending,
      running,
      lost,
      run: (unit: Parameters<typeof runUnit>[1] | undefined, delivery = 1) => {
        if (unit === undefined) throw new Error('there is no such unit')
        return runUnit(deps, unit, lost.signal, delivery)
      },
    }
  }

  return {
    redis,
    space,
    plans,
    tasks,
    life,
    lifeOf,
    steps,
    budgets,
    events,
    queue,
    faults,
    aPlan,
    aWorker,
    async close() {
      await queue.close()
      redis.disconnect()
    },
  }
}

/** Waits until something is so; it is the test's time limit that ends a wait in vain. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10))
}
