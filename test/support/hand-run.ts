import type { AttemptEnd } from '../../src/core/ports/task-life.ts'
import { submitPlan } from '../../src/core/submit/submit-plan.ts'
import { echoPlan, type UseCases } from './use-cases.ts'

export const TENANT = 'default'

type End = Partial<AttemptEnd> & Pick<AttemptEnd, 'status'>

/** Does by hand what workers do, one step at a time. */
export function handRun({ stores, submitting }: UseCases) {
  /** Echo tasks, each after those that it names. */
  async function submit(tasks: Record<string, string[]>, rest: object = {}): Promise<string> {
    const { record } = await submitPlan(submitting, {
      tenant: TENANT,
      body: echoPlan(tasks, rest),
      idempotencyKey: undefined,
    })
    return record.spec.id
  }

  async function begin(planId: string, taskId: string, unit: number) {
    const token = `${taskId}-${unit}`
    const task = { planId, taskId, token, unit, round: 0, delivery: 1 }
    const begun = await stores.life.begin(task)
    if (begun.status !== 'begun') throw new Error(`${taskId} is ${begun.status}`)
    return (how: End) =>
      stores.life.end({
        planId,
        taskId,
        token,
        attempt: begun.attempt,
        outcome: how.status === 'succeeded' ? 'succeeded' : 'failed',
        spends: true,
        output: { text: taskId },
        ...how,
      })
  }

  async function run(
    planId: string,
    taskId: string,
    unit: number,
    how: End = { status: 'succeeded' },
  ): Promise<void> {
    const end = await begin(planId, taskId, unit)
    await end(how)
  }

  /** Writes the synthesis of a batch, which finishes the plan if nothing else is left. */
  async function finish(planId: string, batch = 0): Promise<void> {
    const jobId = `${planId}-s${batch}`
    await stores.syntheses.begin(planId, jobId, 'final')
    await stores.syntheses.finish(planId, jobId, {
      kind: 'final',
      synthesis: undefined,
      outcome: 'partial',
      usage: undefined,
    })
  }

  async function plan(planId: string) {
    const record = await stores.plans.get(planId)
    if (record === undefined) throw new Error('the plan is gone')
    return record
  }

  async function statuses(planId: string): Promise<Record<string, string>> {
    const ids = await stores.plans.taskIds(planId)
    const states = await stores.tasks.states(planId, ids)
    return Object.fromEntries(ids.map((id, at) => [id, states[at]?.status ?? '']))
  }

  async function events(planId: string, type: string) {
    const all = await stores.events.read(planId, '0-0', 1_000)
    return all.filter((event) => event.type === type)
  }

  return { submit, begin, run, finish, plan, statuses, events }
}
