import fc from 'fast-check'
import type { Command, PlanName } from './commands.ts'
import { isLeftOut } from './left-out.ts'
import type { PlanShape } from './plan-model.ts'
import { ENDINGS, type Ending } from './puppets.ts'

// Random plans and random sequences of commands.

/** What kinds of plans and commands a sequence is made of. */
export interface Mixture {
  shape: fc.Arbitrary<PlanShape>
  commands: fc.WeightedArbitrary<Command>[]
}

const plan = fc.constantFrom<PlanName>('p', 'p', 'p', 'q')
const at = fc.nat({ max: 11 })
/** Most attempts go well, or nothing would ever be reached. */
const UNSTORABLE: readonly Ending[] = [
  'answers half a character',
  'counts what is no number',
  'counts too much',
]
const endings = isLeftOut('results that cannot be stored')
  ? ENDINGS.filter((ending) => !UNSTORABLE.includes(ending))
  : ENDINGS
const how = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Ending>('succeeds') },
  { weight: 2, arbitrary: fc.constantFrom(...endings) },
)

/** One in so many times. */
const some = <T>(value: fc.Arbitrary<T>, oneIn = 4) =>
  fc.oneof(
    { weight: oneIn - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value },
  )

/** Leaves out what is undefined: sequences are printed, and compared. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}

export function shapes(most: number): fc.Arbitrary<PlanShape> {
  return fc.integer({ min: 1, max: most }).chain((count) => {
    const tasks = Array.from({ length: count }, (_, position) =>
      fc
        .record({
          after:
            position === 0
              ? fc.constant(undefined)
              : some(
                  fc.uniqueArray(fc.nat({ max: position - 1 }), { minLength: 1, maxLength: 2 }),
                  2,
                ),
          attempts: some(fc.integer({ min: 1, max: 2 })),
          timeoutSeconds: some(fc.constantFrom(200, 400)),
        })
        .map(compact),
    )
    return fc
      .record({
        tasks: fc.tuple(...tasks),
        sequential: some(fc.constant(true as const), 6),
        maxConcurrency: some(fc.integer({ min: 1, max: 3 })),
        abort: some(fc.constant(true as const)),
        minSuccess: some(fc.constantFrom(0.5, 1)),
        synthesis: isLeftOut('a plan without a synthesis') ? fc.constant(true) : fc.boolean(),
      })
      .map((shape) => compact(shape) as PlanShape)
  })
}

const submit = (shape: fc.Arbitrary<PlanShape>): fc.Arbitrary<Command> =>
  fc.record({ do: fc.constant('submit'), plan, shape, keyed: fc.boolean() })
const end: fc.Arbitrary<Command> = fc.record({ do: fc.constant('end'), nth: at, how })
const ofPlan = (name: 'cancel' | 'delete' | 'synthesize' | 'submit again') =>
  fc.record({ do: fc.constant(name), plan }) as fc.Arbitrary<Command>
const ofTask = (name: 'cancel task' | 'retry task') =>
  fc.record({ do: fc.constant(name), plan, task: at }) as fc.Arbitrary<Command>
const plain = (name: 'pass time' | 'start worker' | 'end worker' | 'kill worker') =>
  fc.constant<Command>({ do: name })

export const orderly = (shape: fc.Arbitrary<PlanShape>): fc.WeightedArbitrary<Command>[] => [
  { weight: 3, arbitrary: submit(shape) },
  { weight: 12, arbitrary: end },
  { weight: 2, arbitrary: plain('pass time') },
  { weight: 1, arbitrary: ofPlan('cancel') },
  { weight: 2, arbitrary: ofTask('cancel task') },
  { weight: 3, arbitrary: ofTask('retry task') },
  { weight: 1, arbitrary: ofPlan('synthesize') },
  { weight: 1, arbitrary: ofPlan('submit again') },
  { weight: 1, arbitrary: ofPlan('delete') },
]

export const withWorkers = (shape: fc.Arbitrary<PlanShape>): fc.WeightedArbitrary<Command>[] => [
  ...orderly(shape),
  { weight: 2, arbitrary: plain('end worker') },
  { weight: 2, arbitrary: plain('kill worker') },
  { weight: 4, arbitrary: plain('start worker') },
]

export function sequences(
  shape: fc.Arbitrary<PlanShape>,
  commands: fc.WeightedArbitrary<Command>[],
): fc.Arbitrary<Command[]> {
  const first = submit(shape)
  const rest = fc.array(fc.oneof(...commands), { maxLength: 14, size: 'max' })
  return fc.tuple(first, rest).map(([submission, more]) => [submission, ...more])
}
