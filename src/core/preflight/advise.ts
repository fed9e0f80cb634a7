import type { SubmitPlan } from '../contract/submission.ts'
import type { Advice } from '../contract/views.ts'
import { shorten } from '../text/shorten.ts'
import { leaningTasks } from './leaning-tasks.ts'
import { type DescribedTask, similarTasks } from './similar-tasks.ts'
import { orderOf, waves } from './task-order.ts'

/** Entries of one kind; more would only repeat the point. */
const MAX_OF_A_KIND = 20
/** Ids that an entry lists. */
const MAX_NAMED = 20

/** Workflows whose steps only make sense in this order. */
const WORKFLOWS: { name: string; steps: [name: string, pattern: RegExp][] }[] = [
  {
    name: 'commit, push, pull request',
    steps: [
      ['commit', /\b(?:git\s+)?commit\b(?!\s+(?:history|message|log|hash|hook|convention)s?)/i],
      ['push', /\b(?:git\s+)?push\b(?!\s+(?:notification|message)s?)/i],
      [
        'pull request',
        /\b(?:open|create|raise|make|submit|file)\b[^.\n]{0,30}\b(?:pull request|PR|merge request)\b/i,
      ],
    ],
  },
  {
    name: 'build, deploy',
    steps: [
      ['build', /^\W*(?:build|compile|package)\b/i],
      ['deploy', /^\W*(?:deploy|release|publish|roll\s?out|ship)\b/i],
    ],
  },
  {
    name: 'write a migration, run it',
    steps: [
      ['write the migration', /\b(?:write|create|add|generate)\b[^.\n]{0,30}\bmigrations?\b/i],
      ['run the migration', /\b(?:run|apply|execute)\b[^.\n]{0,30}\bmigrations?\b/i],
    ],
  },
]

/**
 * Says where this plan should not run in parallel. Codes are stable, messages are for people. This
 * is only advice; what must not run in parallel is rejected elsewhere.
 */
export function advise(
  plan: Pick<SubmitPlan, 'mode' | 'policy' | 'pattern'>,
  tasks: readonly DescribedTask[],
): Advice[] {
  return [
    ...soleTask(tasks),
    ...leaning(tasks),
    ...workflowOrder(tasks),
    ...orderWords(tasks),
    // A pattern repeats its template on purpose.
    ...(plan.pattern === undefined ? similar(tasks) : []),
    ...needlessOrder(plan, tasks),
  ]
}

function soleTask(tasks: readonly DescribedTask[]): Advice[] {
  const [only] = tasks
  if (only === undefined || tasks.length > 1) return []
  return [
    {
      code: 'single-task',
      message:
        'One task alone gains nothing from running in parallel: split it, or run it as it is.',
      tasks: [only.id],
    },
  ]
}

function leaning(tasks: readonly DescribedTask[]): Advice[] {
  return leaningTasks(tasks)
    .slice(0, MAX_OF_A_KIND)
    .map(({ taskId, on, words }) => ({
      code: 'leans-on-task',
      message:
        on === undefined
          ? `${taskId} says "${words}", but depends on no task: it runs without their results. Name them in dependsOn.`
          : `${taskId} says "${words}", but does not depend on ${on}: it runs without its result. Add "dependsOn": ["${on}"].`,
      tasks: on === undefined ? [taskId] : [taskId, on],
    }))
}

function workflowOrder(tasks: readonly DescribedTask[]): Advice[] {
  const ordered = orderOf(tasks)
  return WORKFLOWS.flatMap(({ name, steps }): Advice[] => {
    const byStep = steps.map(([, pattern]) =>
      tasks.flatMap((task, index) => (stepOf(task, pattern) ? index : [])),
    )
    // A task that does several of the steps keeps their order itself.
    const alone = byStep.map((indexes, step) =>
      indexes.filter(
        (index) => !byStep.some((other, each) => each !== step && other.includes(index)),
      ),
    )
    const present = alone.filter((indexes) => indexes.length > 0)
    if (present.length < 2) return []
    const involved = present.flatMap((indexes) => indexes.slice(0, MAX_NAMED))
    const unordered = present.some((indexes, step) =>
      indexes.some((index) => (present[step + 1] ?? []).some((next) => !ordered(index, next))),
    )
    if (!unordered) return []
    return [
      {
        code: 'order-matters',
        message: `These tasks are steps of one workflow (${name}) and only work in that order: let each depend on the one before it, or make them one task.`,
        tasks: involved.flatMap((index) => tasks[index]?.id ?? []).slice(0, MAX_NAMED),
      },
    ]
  })
}

function stepOf(task: DescribedTask, pattern: RegExp): boolean {
  return pattern.test(task.description) || pattern.test(beginningOf(task))
}

function beginningOf({ task, prompt }: DescribedTask): string {
  return shorten(task ?? prompt ?? '', 300)
}

function orderWords(tasks: readonly DescribedTask[]): Advice[] {
  const words =
    /^\W*(?:then|next|finally|afterwards?|lastly|second(?:ly)?|third(?:ly)?|step\s+(?:[2-9]|\d\d+))\b/i
  const found = tasks.filter(
    (task) => (task.dependsOn ?? []).length === 0 && words.test(beginningOf(task)),
  )
  if (found.length === 0 || tasks.length < 2) return []
  return [
    {
      code: 'order-words',
      message:
        'These tasks begin like later steps ("then", "finally", "step 2"), but depend on nothing: in parallel they start at once. Use dependsOn, or "mode": "sequential".',
      tasks: found.slice(0, MAX_NAMED).map(({ id }) => id),
    },
  ]
}

function similar(tasks: readonly DescribedTask[]): Advice[] {
  return similarTasks(tasks)
    .slice(0, MAX_OF_A_KIND)
    .map((ids) => ({
      code: 'similar-tasks',
      message: `${ids.length === 2 ? 'Two tasks ask' : `${ids.length} tasks ask`} for nearly the same: give each its own files or perspective, or merge them.`,
      tasks: ids.slice(0, MAX_NAMED),
    }))
}

/** Order that nothing requires. */
function needlessOrder(
  { mode, policy }: Pick<SubmitPlan, 'mode' | 'policy'>,
  tasks: readonly DescribedTask[],
): Advice[] {
  if (tasks.length < 2) return []
  const layers = waves(tasks)
  const widest = Math.max(...layers.map((wave) => wave.length))
  const some = tasks.slice(0, MAX_NAMED).map(({ id }) => id)
  if (mode === 'sequential' && widest > 1) {
    return [
      {
        code: 'sequential-independent',
        message: `"mode": "sequential" runs ${tasks.length} tasks one at a time, although up to ${widest} do not depend on each other; "parallel" could be about ${Math.round(tasks.length / layers.length)} times faster.`,
        tasks: some,
      },
    ]
  }
  if (mode === 'parallel' && policy.maxConcurrency === 1 && widest > 1) {
    return [
      {
        code: 'concurrency-of-one',
        message: `"maxConcurrency": 1 runs the tasks one at a time, although up to ${widest} could run at once.`,
        tasks: some,
      },
    ]
  }
  if (mode === 'parallel' && widest === 1) {
    return [
      {
        code: 'all-in-a-row',
        message: 'Every task waits for the one before it, so nothing runs in parallel.',
        tasks: some,
      },
    ]
  }
  return []
}
