import type { SynthesisDraft, SynthesisInput, TaskResult } from './ports.ts'
import type { SubmitPlan, TaskSpec } from './submission.ts'
import type { Synthesis } from './synthesis.ts'
import { NO_USAGE } from './usage.ts'
export function mergeFindings(_results: TaskResult[]): SynthesisDraft {
  return { summary: 'x', findings: [], dropped: [], conflicts: [], actions: [], usage: NO_USAGE }
}
export function settleSynthesis(o: {
  draft: SynthesisDraft
  input: SynthesisInput
  executor: 'model' | 'merge'
  version: number
  createdAt: string
  preliminary: boolean
  notes: string[]
}): Synthesis {
  return {
    version: o.version,
    status: 'succeeded',
    executor: o.executor,
    createdAt: o.createdAt,
    preliminary: o.preliminary,
    summary: o.draft.summary,
    findings: [],
    conflicts: [],
    actions: [],
    ledger: [],
    coverage: {
      succeeded: o.input.results.filter((r) => r.status === 'succeeded').map((r) => r.taskId),
      missing: o.input.results
        .filter((r) => r.status !== 'succeeded')
        .map((r) => ({ taskId: r.taskId, status: r.status, error: r.error?.message })),
    },
    notes: o.notes,
    usage: NO_USAGE,
  }
}
export async function preflight(_d: unknown, _p: SubmitPlan, tasks: readonly TaskSpec[]) {
  return {
    waves: [tasks.map((t) => t.id)],
    serialized: new Map<string, string[]>(),
    overlaps: [],
    warnings: [],
    advice: [],
    estimate: {
      tasks: tasks.length,
      tokens: { low: 0, high: 0 },
      costUsd: null,
      unpricedModels: [],
    },
  }
}
export function buildTodos(
  tasks: readonly { description: string; status: string }[],
  s: { status: string },
) {
  return {
    todos: [
      ...tasks.map((t) => ({
        content: t.description,
        status:
          t.status === 'running'
            ? ('in_progress' as const)
            : t.status === 'queued'
              ? ('pending' as const)
              : ('completed' as const),
        activeForm: t.description,
      })),
      {
        content: 'Synthesize results',
        status: s.status === 'succeeded' ? ('completed' as const) : ('pending' as const),
        activeForm: 'Synthesizing results',
      },
    ],
  }
}
