import type { Command, KnownPlan, Model, PlanName } from './commands.ts'
import { nextSteps, settle } from './plan-steps.ts'
import { turnsOf } from './turns.ts'

// How commands may turn out, once all has happened that follows from them.

/** One way in which a command may turn out. */
export interface Outcome {
  model: Model
  /** `ok` or the code of an error; of two at the same moment that of each. `undefined`: any. */
  replies: (string | undefined)[]
}

/** Possible outcomes of an aimed command; none if it makes no sense now. */
export function outcomesOf(before: Model, command: Command): Outcome[] {
  if (command.do === 'both') return bothOrders(before, command.of)
  return turnsOf(before, command).map(({ model, reply }) => {
    settleAll(model)
    return { model, replies: [reply] }
  })
}

/** Two at the same moment come one after the other, and nobody knows in which order, or how soon. */
function bothOrders(before: Model, [a, b]: [Command, Command]): Outcome[] {
  if (a.do === 'both' || b.do === 'both') return []
  // How far the service came in between cannot be told: its pause would begin before time has passed or after.
  const isPause = (one: Command) => one.do === 'end' && one.how === 'fails for now'
  if (a.do === 'pass time' && (b.do === 'pass time' || isPause(b))) return []
  if (b.do === 'pass time' && isPause(a)) return []
  if (b.do === 'break connections') return whileBreaking(before, a)
  if (a.do === 'break connections') return whileBreaking(before, b).map(turned)
  const outcomes = new Map<string, Outcome>()
  for (const [first, next] of [
    [a, b],
    [b, a],
  ] as const) {
    const turns = turnsOf(before, first)
    if (turns.length === 0) return []
    for (const { model: turned, reply } of turns) {
      for (const model of allOnTheWay(turned)) {
        // A command that no longer makes sense does nothing, whatever the answer.
        const others = turnsOf(model, next)
        for (const other of others.length > 0 ? others : [{ model, reply: undefined }]) {
          settleAll(other.model)
          // One that runs is being cancelled for a while, and a second cancel may come before its end.
          const isCancel = next.do.startsWith('cancel ') && other.reply === 'task-finished'
          const then = isCancel ? undefined : other.reply
          const outcome = {
            model: other.model,
            replies: first === a ? [reply, then] : [then, reply],
          }
          outcomes.set(JSON.stringify(outcome), outcome)
        }
      }
    }
  }
  return [...outcomes.values()]
}

/** Whether a command was done on which its connection broke, its caller cannot tell. A result is kept. */
function whileBreaking(before: Model, command: Exclude<Command, { do: 'both' }>): Outcome[] {
  const isResult = command.do === 'end'
  if (!isResult && !command.do.startsWith('cancel')) return []
  const done = outcomesOf(before, command).map(({ model }) => model)
  const models = isResult || done.length === 0 ? done : [...done, before]
  return models.map((model) => ({ model, replies: [undefined, 'ok'] }))
}

const turned = ({ model, replies }: Outcome): Outcome => ({ model, replies: replies.toReversed() })

/** More of them differ only in what is not seen. */
const MOST_ON_THE_WAY = 300

/** The model itself, and all that it may be like before everything has happened that follows by itself. */
function allOnTheWay(model: Model): Model[] {
  const found = new Map([[JSON.stringify(model), model]])
  for (const one of found.values()) {
    for (const name of Object.keys(one.plans) as PlanName[]) {
      const stepsOf = ({ plans, now, hasWorker }: Model) =>
        nextSteps((plans[name] as KnownPlan).is, now, hasWorker)
      const count = stepsOf(structuredClone(one)).length
      for (let at = 0; at < count && found.size < MOST_ON_THE_WAY; at += 1) {
        const next = structuredClone(one)
        stepsOf(next)[at]?.()
        const key = JSON.stringify(next)
        if (!found.has(key)) found.set(key, next)
      }
    }
  }
  return [...found.values()]
}

function settleAll(model: Model): void {
  for (const { is } of Object.values(model.plans)) settle(is, model.now, model.hasWorker)
}
