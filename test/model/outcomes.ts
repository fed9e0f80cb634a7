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
  if (!isTold(a, b) || !isTold(b, a)) return []
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

/** Whether anybody can tell how far the service came with one of them before the other. */
function isTold(one: Command, other: Command): boolean {
  const isEnd = one.do === 'end'
  // Its pause would begin before that, or after.
  const isPause = isEnd && one.how === 'fails for now'
  if (other.do === 'pass time') return one.do !== 'pass time' && !isPause
  // A result is kept until it is stored. Of a request its caller does not know whether it was carried out.
  return other.do !== 'break connections' || (isEnd && !isPause)
}

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
