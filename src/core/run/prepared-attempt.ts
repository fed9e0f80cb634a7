import { DEFAULT_DEADLINE_MS } from '../contract/submission.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { RelaxedTime, TaskOutput } from '../ports/executor.ts'
import { outputHash } from '../reuse/task-key.ts'
import { type DependencyResult, renderTaskPrompt } from '../text/prompt.ts'
import { type AttemptFolder, NO_FOLDER, openAttemptFolder } from './attempt-folder.ts'
import type { LoadedPlan } from './plan-cache.ts'
import { repairing } from './repairing.ts'
import { reusing } from './reusing.ts'
import { type AttemptResult, failure, runAttempt } from './run-attempt.ts'
import type { RunUnitDeps } from './run-deps.ts'
import { type KeepingLog, stepLog } from './step-log.ts'
import { untilAvailable } from './until-available.ts'

/** Runs one attempt with the plan's files and the outputs of the tasks it depends on. */
export async function preparedAttempt(
  deps: RunUnitDeps,
  plan: LoadedPlan,
  begun: { attempt: number; spent: number; spec: TaskSpec; isAnew: boolean },
  {
    taskId,
    token,
    signal,
    aside,
  }: { taskId: string; token: string; signal: AbortSignal; aside: RelaxedTime['aside'] },
): Promise<AttemptResult> {
  const { spec } = begun
  const executor = deps.executors.get(spec.executor)
  if (executor === undefined) {
    return failure({
      code: 'executor-not-available',
      message: `This worker has no executor "${spec.executor}".`,
    })
  }
  const planId = plan.spec.id
  const spender = { taskId, attempt: begun.attempt }
  const onFault = (error: unknown) => deps.onFault(error, planId, taskId)
  let opening: Promise<AttemptFolder> | undefined
  let folder = NO_FOLDER
  let steps: KeepingLog | undefined
  const allowance = deps.allowanceOf(plan.spec, spender)
  const { programs } = deps
  const { urgency, deadlineMs = DEFAULT_DEADLINE_MS } = plan.spec.policy
  let outputHashes: string[] = []
  let isAlone = true
  const reuse =
    deps.reuse === undefined || spec.cache === undefined || spec.verify !== undefined
      ? undefined
      : reusing(deps.reuse, {
          ...{ plan, spec, isAnew: begun.isAnew, executor, onFault },
          folder: () => folder,
          outputHashes: () => outputHashes,
          isAlone: () => isAlone,
        })
  const result = await runAttempt({
    executor:
      spec.verify === undefined || programs === undefined
        ? (reuse?.executor ?? executor)
        : repairing(executor, spec.verify, programs),
    spec,
    prepare: async (until) => {
      opening = openAttemptFolder(deps, plan, spec, executor, until)
      folder = await opening
      const dependencies = await untilAvailable(() => dependencyResults(deps, planId, spec), until)
      const { hash } = (reuse && deps.reuse) ?? {}
      if (hash) outputHashes = dependencies.map(({ output }) => outputHash(hash, output))
      return {
        planId,
        taskId,
        attempt: begun.attempt,
        sharedContext: plan.context,
        prompt: renderTaskPrompt(spec, dependencies),
        spec,
        workspace: folder.workspace,
        traceparent: deps.tracer.traceparent() ?? plan.spec.traceparent,
      }
    },
    signal,
    spent: begun.spent,
    random: deps.random,
    findingsIn: deps.findingsIn,
    allowance,
    relaxed: urgency === 'relaxed' ? { deadlineMs, aside } : undefined,
    // Not awaited: the end of the attempt reports it again.
    onUsage(usage) {
      // Counting a call releases its reservation, so with a budget this cannot wait for the answer.
      if (allowance === undefined && steps?.countsUsage() === true) return
      void deps.budgets.count(planId, spender, usage).catch(onFault)
    },
    onText: (text) => deps.texts.append(planId, taskId, begun.attempt, text),
    onFault,
    stepsOf(soFar) {
      const kept = stepLog({
        ...soFar,
        store: deps.steps,
        keeper: { planId, ...spender, token },
        folder: () => folder,
        stopping: deps.stopping,
        onFault,
      })
      steps = {
        ...kept,
        async resume(...conversation) {
          const resumed = await kept.resume(...conversation)
          if (resumed.steps.length > 0) isAlone = false
          return resumed
        },
        async readMessages() {
          const messages = await kept.readMessages()
          if (messages.length > 0) isAlone = false
          return messages
        },
      }
      return steps
    },
  })
  const { unlessEdited: _, ...whole } = await folder.withEdits(reuse?.outputOf(result) ?? result)
  // A folder that opens only after its attempt was given up is closed as soon as it is there.
  if (folder === NO_FOLDER) opening?.then((late) => late.close()).catch(() => undefined)
  await folder.close()
  return whole.status === 'succeeded' ? { ...whole, ...reuse?.result() } : whole
}

async function dependencyResults(
  deps: Pick<RunUnitDeps, 'tasks'>,
  planId: string,
  spec: TaskSpec,
): Promise<(DependencyResult & { output: TaskOutput | undefined })[]> {
  const ids = spec.dependsOn ?? []
  if (ids.length === 0) return []
  const [specs, states, outputs] = await Promise.all([
    deps.tasks.specs(planId, ids),
    deps.tasks.states(planId, ids),
    deps.tasks.outputs(planId, ids),
  ])
  return ids.map((taskId, index) => ({
    taskId,
    description: specs[index]?.description ?? taskId,
    status: states[index]?.status ?? 'succeeded',
    text: outputs[index]?.text ?? '',
    output: outputs[index],
  }))
}
