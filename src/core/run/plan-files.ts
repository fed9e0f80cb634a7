import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanFiles } from '../ports/workspaces.ts'
import type { LoadedPlan } from './plan-cache.ts'

/**
 * The folder that a plan's tasks share on each machine. Each time the plan is reopened after it had
 * finished, it gets a new one, so that cleaning up after one run does not affect the next.
 */
export function folderOf(planId: string, reopened: number): string {
  return `${planId}.${reopened}`
}

/**
 * The plan that a folder belongs to. A synthesis's folder is named after its job, whose id starts
 * with the plan's.
 */
export function planOfFolder(folder: string): string {
  return folder.split(/[.-]/)[0] ?? folder
}

/** The plan as workspaces need it, and `generation` as the store tells it. */
export async function planFiles(
  store: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>,
  plan: Pick<LoadedPlan, 'spec'>,
): Promise<(PlanFiles & { generation: number | undefined }) | undefined> {
  const { id, workspace } = plan.spec
  if (workspace === undefined) return undefined
  const { base, reopened, generation } = await store.workspace(id)
  return {
    planId: id,
    folder: folderOf(id, reopened),
    spec: workspace,
    inlineFiles: () => store.files(id),
    base,
    generation,
    pinBase: (candidate) => store.pinBase(id, candidate),
  }
}
