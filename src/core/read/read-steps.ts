import type { TasksApi } from '../contract/api.ts'
import { badCursor, decodeCursor, encodeCursor } from '../contract/cursor.ts'
import { ServiceError } from '../contract/errors.ts'
import type { StepStore } from '../ports/step-store.ts'
import { type ReadDeps, requirePlan, requireTask } from './require-plan.ts'
import { stepView } from './step-views.ts'

export type StepReadDeps = Pick<ReadDeps, 'plans' | 'tasks'> & { steps: Pick<StepStore, 'read'> }

export function readSteps(deps: StepReadDeps): Pick<TasksApi, 'steps' | 'step'> {
  return {
    async steps({ tenant, planId, taskId, limit, cursor }) {
      await requirePlan(deps, tenant, planId)
      await requireTask(deps, planId, taskId)
      const after = cursor === undefined ? 0 : Number(decodeCursor(cursor))
      if (!Number.isInteger(after) || after < 0) throw badCursor()
      const { steps, last } = await deps.steps.read(planId, taskId, after, limit)
      const newest = steps.at(-1)?.number ?? last
      return {
        items: steps.map((step) => stepView(planId, taskId, step, { whole: false })),
        nextCursor: newest < last ? encodeCursor(String(newest)) : null,
      }
    },

    async step(tenant, planId, taskId, number) {
      await requirePlan(deps, tenant, planId)
      await requireTask(deps, planId, taskId)
      const { steps } = await deps.steps.read(planId, taskId, number - 1, 1)
      const [step] = steps
      if (step?.number !== number) {
        throw new ServiceError('step-not-found', `The task has no step ${number}.`)
      }
      return stepView(planId, taskId, step, { whole: true })
    },
  }
}
