import { isEnded, type TaskStatus } from '../../src/core/contract/status.ts'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
import type { OutputTask } from '../../src/core/contract/views.ts'
import { readJson } from '../support/exporting.ts'
import type { PlanModel } from './plan-model.ts'
import type { World } from './world.ts'

/** Compares what callers see of a plan, and what Redis holds, with the model. */
export async function viewFaults(
  { api }: World,
  tenant: string,
  planId: string,
  plan: PlanModel,
): Promise<string[]> {
  const faults: string[] = []
  const compare = (what: string, wanted: unknown, is: unknown) => {
    const [want, have] = [JSON.stringify(wanted), JSON.stringify(is)]
    if (want !== have) faults.push(`${what} should be\n  ${want}\nand are\n  ${have}`)
  }
  const { todos } = await api.plans.todos(tenant, planId)
  const statuses = todos.map(({ status }) => status)
  compare('todos', [...plan.tasks.map(todoOf), ...synthesisTodo(plan)], statuses)

  const query = { tenant, planId, status: undefined, limit: 100, cursor: undefined }
  const { items } = await api.tasks.list(query)
  const listed = items.map(({ id, status, attemptCount }) => [id, status, attemptCount])
  compare(
    'tasks',
    plan.tasks.map(({ id, status, attempt }) => [id, status, attempt]),
    listed,
  )

  const outputs: string[] = []
  for await (const line of api.tasks.outputs(tenant, planId)) {
    const { id, status } = await readJson<OutputTask>(line)
    outputs.push(`${id} ${status}`)
  }
  const ended = plan.tasks.filter(({ status }) => isEnded(status))
  compare(
    'outputs',
    ended.map(({ id, status }) => `${id} ${status}`),
    outputs.toSorted(),
  )

  const syntheses = await api.syntheses.all(tenant, planId).catch(() => [])
  const read = await Promise.all(syntheses.map((pieces) => readJson<Synthesis>(pieces)))
  const versions = read.map(({ version }) => version).toSorted()
  compare(
    'syntheses',
    Array.from({ length: plan.version }, (_, at) => at + 1),
    versions,
  )

  const report = await api.plans.report(tenant, planId)
  if (!(report.wallMs >= 0)) faults.push(`the report tells of ${report.wallMs} ms`)
  return faults
}

function todoOf({ status }: { status: TaskStatus }): string {
  if (isEnded(status)) return 'completed'
  return status === 'running' ? 'in_progress' : 'pending'
}

function synthesisTodo({ synthesis, tasks }: PlanModel): string[] {
  switch (synthesis) {
    case 'disabled':
      return []
    case 'succeeded':
      return ['completed']
    case 'pending':
      return [tasks.every(({ status }) => isEnded(status)) ? 'in_progress' : 'pending']
  }
}
