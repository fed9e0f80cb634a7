import { randomUUID } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { ServiceError } from '../../src/core/contract/errors.ts'
import { aimed, type Command, type Model, type PlanName, runningOf, START } from './commands.ts'
import { expireLeases } from './leases.ts'
import { leftovers } from './leftovers.ts'
import { outcomesOf } from './outcomes.ts'
import { pictureOfModel, pictureOfPlan, type Seen } from './picture.ts'
import { type PlanShape, severalOf } from './plan-model.ts'
import { viewFaults } from './views.ts'
import type { World } from './world.ts'

/** How long the service may take to come to rest after a command, on a machine that is busy. */
const REST_MS = 60_000
const LOOK_MS = 100

const TENANT = 'default'

/** The plans of one sequence as the service knows them. */
interface Game {
  world: World
  restMs: number
  /** New for each sequence: its keys are nobody else's. */
  run: string
  ids: Map<PlanName, string>
  bodies: Map<PlanName, { body: unknown; keyed: boolean }>
}

/**
 * Plays commands on the service and on the model, and compares after each. Ends with every plan
 * deleted and nothing left in Redis.
 *
 * @throws {Error} with the expected and actual state, at the first command where they differ
 */
export async function play(
  world: World,
  commands: readonly Command[],
  restMs = REST_MS,
): Promise<void> {
  const game: Game = { world, restMs, run: randomUUID(), ids: new Map(), bodies: new Map() }
  let models: Model[] = [START]
  world.log.length = 0
  const played: string[] = []
  try {
    if (world.workers.length === 0) await world.startWorker()
    for (const command of commands) models = await step(game, models, command, played)
    for (const [name, planId] of game.ids) {
      const [model, ...others] = models
      const plan = model?.plans[name]?.is
      if (plan === undefined || others.length > 0) continue
      await atRest(game, () => viewFaults(world, TENANT, planId, plan))
    }
    for (const plan of ['p', 'q'] as const) {
      models = await step(game, models, { do: 'delete', plan }, played)
    }
    if (world.workers.length === 0) await step(game, models, { do: 'start worker' }, played)
    await atRest(game, () => leftovers(world))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(
      `after\n  ${played.join('\n  ')}\n${message}\n${world.log.slice(-5).join('\n')}`,
      { cause: error },
    )
  }
}

/** Returns the models that are still possible; several if the order of two changes is unknown. */
async function step(
  game: Game,
  models: Model[],
  command: Command,
  played: string[],
): Promise<Model[]> {
  const [first] = models
  if (first === undefined) throw new Error('no model is left')
  const meant = aimed(first, command)
  const outcomes = models.flatMap((model) => outcomesOf(model, meant))
  if (outcomes.length === 0) return models
  played.push(JSON.stringify(command))
  const replies = await perform(game, first, meant)
  let possible = outcomes.filter((outcome) =>
    outcome.replies.every((reply, at) => reply === undefined || reply === replies[at]),
  )
  if (possible.length === 0) {
    const wanted = outcomes.map((outcome) => outcome.replies.join(' and '))
    throw new Error(`answered ${replies.join(' and ')} instead of ${wanted.join(', or ')}`)
  }
  await atRest(game, async () => {
    const running = runningIn(game)
    // What executors tell costs nothing to look at.
    const likely = possible.filter(({ model }) => runningOfModel(model) === running)
    if (likely.length === 0) {
      const wanted = possible.map(({ model }) => runningOfModel(model))
      return [
        `running should be ${wanted.join(', or ') || 'nothing'} and is ${running || 'nothing'}`,
      ]
    }
    const seen = await look(game)
    const answers = likely.map(({ model }) => differences(model, seen))
    const fitting = likely.filter((_, at) => answers[at]?.length === 0)
    if (fitting.length > 0) possible = fitting
    if (fitting.length > 0) return []
    return [...new Set(answers.map((found) => found.join('\n')))].join('\nor\n').split('\n')
  })
  const left = possible.map((outcome) => outcome.model)
  return left.filter((one, at) => !left.slice(0, at).some((other) => isDeepStrictEqual(one, other)))
}

/** Waits until nothing differs. */
async function atRest({ world, restMs }: Game, look: () => Promise<string[]>): Promise<void> {
  const deadline = performance.now() + restMs
  while (true) {
    const change = world.changed(LOOK_MS)
    const found = await look()
    if (found.length === 0) return
    if (performance.now() > deadline) throw new Error(found.join('\n'))
    await change
  }
}

function runningOfModel(model: Model): string {
  const running = runningOf(model).map(({ plan, task }) => `${plan}/${task.id}#${task.attempt}`)
  return running.toSorted().join(' ')
}

function runningIn({ world, ids }: Game): string {
  const nameOf = (planId: string) => [...ids].find(([, id]) => id === planId)?.[0] ?? 'gone'
  return [...world.puppets]
    .filter(({ isAborted }) => !isAborted)
    .map(({ planId, taskId, attempt }) => `${nameOf(planId)}/${taskId}#${attempt}`)
    .toSorted()
    .join(' ')
}

/** What there is of each plan. */
async function look({ world, ids }: Game): Promise<{ name: PlanName; seen: Seen | undefined }[]> {
  return Promise.all(
    [...ids].map(async ([name, planId]) => ({
      name,
      seen: await pictureOfPlan(world.redis, world.keyOf(planId)),
    })),
  )
}

function differences(model: Model, plans: Awaited<ReturnType<typeof look>>): string[] {
  const found: string[] = []
  for (const { name, seen } of plans) {
    const plan = model.plans[name]?.is
    if (plan === undefined || seen === undefined) {
      if ((plan === undefined) !== (seen === undefined)) {
        found.push(
          `${name} should ${plan === undefined ? 'be gone and is there' : 'be there and is gone'}`,
        )
      }
      continue
    }
    const wanted = pictureOfModel(plan)
    for (const part of Object.keys(wanted) as (keyof typeof wanted)[]) {
      const [want, have] = [wanted[part], seen.picture[part]]
      if (isDeepStrictEqual(want, have)) continue
      found.push(
        `${name}.${part} should be\n  ${JSON.stringify(want)}\nand is\n  ${JSON.stringify(have)}`,
      )
    }
    found.push(...seen.faults)
    if (plan.outcome !== undefined && !plan.isFinalDue) found.push(...seen.unfinished)
  }
  return found
}

/** Does it to the service; answers `ok` or the code of the error, of each. */
async function perform(game: Game, model: Model, command: Command): Promise<string[]> {
  if (command.do === 'both') {
    const [one, other] = command.of
    const first = perform(game, model, one)
    for (let turn = 0; turn < command.apart; turn += 1) await setImmediate()
    return (await Promise.all([first, perform(game, model, other)])).flat()
  }
  try {
    await performOne(game, model, command)
    return ['ok']
  } catch (error) {
    if (error instanceof ServiceError) return [error.code]
    throw error
  }
}

async function performOne(
  game: Game,
  model: Model,
  command: Exclude<Command, { do: 'both' }>,
): Promise<unknown> {
  const { world, ids } = game
  const { api } = world
  switch (command.do) {
    case 'submit':
      return submit(game, command.plan, { body: bodyOf(command.shape), keyed: command.keyed })
    case 'submit again':
      return submit(game, command.plan, game.bodies.get(command.plan))
    case 'end': {
      const { aim } = command
      const planId = aim && ids.get(aim.plan)
      const puppet = [...world.puppets].find(
        (each) => each.planId === planId && each.taskId === aim?.taskId && !each.isAborted,
      )
      return puppet?.end(command.how)
    }
    case 'pass time':
      return world.clock.pass(world.redis, command.aim ?? 0)
    case 'start worker':
      await expireLeases(world)
      return world.startWorker()
    case 'end worker':
      return world.workers[0]?.end()
    case 'kill worker':
      return world.workers[0]?.kill()
    case 'break connections':
      return world.breakConnections()
    default: {
      const planId = ids.get(command.plan) ?? ''
      const plan = model.plans[command.plan]?.is
      const taskId =
        'task' in command ? (plan?.tasks[command.task % plan.tasks.length]?.id ?? '') : ''
      switch (command.do) {
        case 'cancel':
          return api.plans.cancel(TENANT, planId)
        case 'cancel task':
          return api.tasks.cancel(TENANT, planId, taskId)
        case 'cancel several':
        case 'retry several': {
          const tasks = plan === undefined ? [] : severalOf(plan, command.tasks).map(({ id }) => id)
          return command.do === 'cancel several'
            ? api.plans.cancel(TENANT, planId, { tasks })
            : api.plans.retry(TENANT, planId, tasks.length > 0 ? { tasks } : {})
        }
        case 'retry task':
          return api.tasks.retry(TENANT, planId, taskId)
        case 'resume':
          return api.plans.resume(TENANT, planId, command.aim ?? 0)
        case 'synthesize':
          return api.syntheses.request(TENANT, planId, {})
        case 'delete':
          return api.plans.delete(TENANT, planId)
      }
    }
  }
}

async function submit(
  { world, run, ids, bodies }: Game,
  plan: PlanName,
  given: { body: unknown; keyed: boolean } | undefined,
): Promise<void> {
  if (given === undefined) return
  const { body, keyed } = given
  const idempotencyKey = keyed ? `${run}-${plan}` : undefined
  const { record } = await world.api.submit({ tenant: TENANT, body, idempotencyKey })
  ids.set(plan, record.spec.id)
  bodies.set(plan, given)
}

function bodyOf(shape: PlanShape): unknown {
  const ids = 'abcdefghijklmnop'
  return {
    tasks: shape.tasks.map((task, at) => ({
      id: ids[at],
      prompt: `Do ${ids[at]}.`,
      executor: task.heavy ? 'heavy-puppet' : 'puppet',
      ...(task.after && { dependsOn: task.after.map((other) => ids[other]) }),
      ...(task.attempts && { attempts: task.attempts }),
      ...(task.priority && { priority: task.priority }),
      ...(task.timeoutSeconds && { timeoutMs: task.timeoutSeconds * 1_000 }),
      options: { costUsd: task.costUsd ?? 0, heedless: task.heedless ?? false },
    })),
    mode: shape.sequential ? 'sequential' : 'parallel',
    policy: {
      ...(shape.maxConcurrency && { maxConcurrency: shape.maxConcurrency }),
      ...(shape.abort && { onFailure: 'abort' }),
      ...(shape.minSuccess && { minSuccess: shape.minSuccess }),
      ...(shape.budgetUsd && { budgetUsd: shape.budgetUsd }),
      ...(shape.timeoutSeconds && { timeoutMs: shape.timeoutSeconds * 1_000 }),
    },
    synthesis: shape.synthesis && (shape.every ? { every: shape.every } : {}),
  }
}
