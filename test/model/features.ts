import fc from 'fast-check'
import { aimed, type Command, START } from './commands.ts'
import { outcomesOf } from './outcomes.ts'
import type { PlanShape } from './plan-model.ts'

// Which features of the service a sequence tries together, as far as the model can tell.

/** In the order of the table in `docs/tested-together.md`. */
export const FEATURES = [
  'dependsOn',
  'mode sequential',
  'maxConcurrency',
  'priority',
  'onFailure abort',
  'minSuccess',
  'budgetUsd',
  'policy.timeoutMs',
  'task.timeoutMs',
  'one attempt only',
  'executors of two lanes',
  'no synthesis',
  'synthesis.every',
  'Idempotency-Key',
  'same key again',
  'key after a delete',
  'cancel plan',
  'cancel task',
  'retry task',
  'cancel several',
  'retry several',
  'resume',
  'same output again',
  'synthesize again',
  'delete',
  'two commands at once',
  'fails for now',
  'fails for good',
  'throws',
  'is cut short',
  'cannot be stored',
  'ignores its abort',
  'time runs out',
  'worker told to end',
  'worker killed',
  'connections break',
] as const
export type Feature = (typeof FEATURES)[number]

/** Features of the played part of a sequence; commands that make no sense at their position are skipped. */
export function featuresOf(commands: readonly Command[]): Set<Feature> {
  const found = new Set<Feature>()
  const deleted = new Set<string>()
  let model = START
  for (const command of commands) {
    const meant = aimed(model, command)
    const [outcome] = outcomesOf(model, meant)
    if (outcome === undefined) continue
    for (const each of meant.do === 'both' ? meant.of : [meant]) {
      for (const feature of featuresOfCommand(each, deleted)) found.add(feature)
    }
    if (meant.do === 'both') found.add('two commands at once')
    model = outcome.model
  }
  return found
}

function featuresOfCommand(command: Command, deleted: Set<string>): Feature[] {
  switch (command.do) {
    case 'submit':
    case 'submit again': {
      const features: Feature[] =
        command.do === 'submit' ? featuresOfShape(command.shape) : ['same key again']
      if (command.do === 'submit' && command.keyed) features.push('Idempotency-Key')
      if (deleted.has(command.plan)) features.push('key after a delete')
      return features
    }
    case 'end':
      switch (command.how) {
        case 'succeeds':
          return []
        case 'succeeds with the same output':
          return ['same output again']
        case 'answers half a character':
        case 'counts too much':
        case 'counts what is no number':
          return ['cannot be stored']
        default:
          return [command.how]
      }
    case 'cancel':
      return ['cancel plan']
    case 'synthesize':
      return ['synthesize again']
    case 'delete':
      deleted.add(command.plan)
      return ['delete']
    case 'pass time':
      return ['time runs out']
    case 'end worker':
      return ['worker told to end']
    case 'kill worker':
      return ['worker killed']
    case 'break connections':
      return ['connections break']
    case 'cancel task':
    case 'retry task':
    case 'cancel several':
    case 'retry several':
    case 'resume':
      return [command.do]
    case 'start worker':
    case 'both':
      return []
  }
}

function featuresOfShape(shape: PlanShape): Feature[] {
  const { tasks } = shape
  const has: [Feature, unknown][] = [
    ['dependsOn', tasks.some(({ after }) => after)],
    ['mode sequential', shape.sequential],
    ['maxConcurrency', shape.maxConcurrency],
    ['priority', tasks.some(({ priority }) => priority)],
    ['onFailure abort', shape.abort],
    ['minSuccess', shape.minSuccess],
    ['budgetUsd', shape.budgetUsd],
    ['policy.timeoutMs', shape.timeoutSeconds],
    ['task.timeoutMs', tasks.some(({ timeoutSeconds }) => timeoutSeconds)],
    ['one attempt only', tasks.some(({ attempts }) => attempts === 1)],
    ['executors of two lanes', tasks.some(({ heavy }) => heavy)],
    ['ignores its abort', tasks.some(({ heedless }) => heedless)],
    ['no synthesis', !shape.synthesis],
    ['synthesis.every', shape.every],
  ]
  return has.filter(([, given]) => given).map(([feature]) => feature)
}

/** In how many of the first sequences of a seed each pair of features was tried. */
export function pairsTried(
  sequences: fc.Arbitrary<Command[]>,
  count: number,
  seed: number,
): Map<string, number> {
  const pairs = new Map<string, number>()
  for (const commands of fc.sample(sequences, { numRuns: count, seed })) {
    const features = [...featuresOf(commands)]
    for (const one of features) {
      for (const other of features) {
        const pair = `${one} × ${other}`
        pairs.set(pair, (pairs.get(pair) ?? 0) + 1)
      }
    }
  }
  return pairs
}
