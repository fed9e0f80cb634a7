import fc from 'fast-check'
import type { Command, PlanName } from './commands.ts'
import type { PlanShape } from './plan-model.ts'
import { ENDINGS, type Ending } from './puppets.ts'

// Random plans and random sequences of commands.

type Weighted = fc.WeightedArbitrary<Command>

/** One in so many times. */
const some = <T>(value: fc.Arbitrary<T>, oneIn = 4) =>
  fc.oneof(
    { weight: oneIn - 1, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: value },
  )
const flag = (oneIn?: number) => some(fc.constant(true as const), oneIn)
const never = fc.constant(undefined)

/** Leaves out what is undefined: sequences are printed, and compared. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T
}

function taskShapes(position: number, isRich: boolean): fc.Arbitrary<PlanShape['tasks'][number]> {
  const before = fc.uniqueArray(fc.nat({ max: Math.max(0, position - 1) }), {
    minLength: 1,
    maxLength: 2,
  })
  return fc
    .record({
      after: position === 0 ? never : some(before, 2),
      attempts: some(fc.integer({ min: 1, max: 2 })),
      timeoutSeconds: some(fc.constantFrom(200, 400)),
      priority: isRich ? some(fc.constantFrom(-5, 5)) : never,
      costUsd: isRich ? some(fc.constantFrom(0.25, 1), 2) : never,
      heavy: isRich ? flag() : never,
      heedless: isRich ? flag(12) : never,
    })
    .map((shape) => compact(shape) as PlanShape['tasks'][number])
}

/** `isRich`: with money, priorities, executors of both lanes and plans that run out of time. */
function planShapes(most: number, isRich: boolean): fc.Arbitrary<PlanShape> {
  return fc.integer({ min: 1, max: most }).chain((count) =>
    fc
      .record({
        tasks: fc.tuple(...Array.from({ length: count }, (_, at) => taskShapes(at, isRich))),
        sequential: flag(isRich ? 4 : 6),
        maxConcurrency: some(fc.integer({ min: 1, max: 3 })),
        abort: flag(),
        minSuccess: some(fc.constantFrom(0.5, 1)),
        budgetUsd: isRich ? some(fc.constantFrom(1, 2), 2) : never,
        timeoutSeconds: isRich ? some(fc.constantFrom(250, 450)) : never,
        synthesis: fc.boolean(),
        every: isRich ? some(fc.integer({ min: 1, max: 2 }), 2) : never,
      })
      .map(({ every, ...shape }) => {
        const isCounted = shape.synthesis && shape.sequential
        return compact({ ...shape, every: isCounted ? every : undefined }) as PlanShape
      }),
  )
}

/** Most attempts go well, or nothing would ever be reached. */
const how = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Ending>('succeeds') },
  { weight: 1, arbitrary: fc.constant<Ending>('succeeds with the same output') },
  { weight: 2, arbitrary: fc.constantFrom(...ENDINGS) },
)

const plan = fc.constantFrom<PlanName>('p', 'p', 'p', 'q')
const at = fc.nat({ max: 11 })
const submit = (shape: fc.Arbitrary<PlanShape>): fc.Arbitrary<Command> =>
  fc.record({ do: fc.constant('submit'), plan, shape, keyed: fc.boolean() })
const ofPlan = (name: 'cancel' | 'delete' | 'synthesize' | 'submit again') =>
  fc.record({ do: fc.constant(name), plan }) as fc.Arbitrary<Command>
const ofTask = (name: 'cancel task' | 'retry task') =>
  fc.record({ do: fc.constant(name), plan, task: at }) as fc.Arbitrary<Command>
const several = (name: 'cancel several' | 'retry several', minLength: number) =>
  fc.record({
    do: fc.constant(name),
    plan,
    tasks: fc.array(at, { minLength, maxLength: 3 }),
  }) as fc.Arbitrary<Command>
const plain = (
  name: 'pass time' | 'start worker' | 'end worker' | 'kill worker' | 'break connections',
) => fc.constant<Command>({ do: name })
const end: fc.Arbitrary<Command> = fc.record({ do: fc.constant('end'), nth: at, how })
const resume: fc.Arbitrary<Command> = fc.record({
  do: fc.constant('resume'),
  plan,
  moreUsd: fc.constantFrom(0.5, 5),
})

/** What may come at any moment. */
const anytime: Weighted[] = [
  { weight: 12, arbitrary: end },
  { weight: 2, arbitrary: plain('pass time') },
  { weight: 1, arbitrary: ofPlan('cancel') },
  { weight: 2, arbitrary: ofTask('cancel task') },
  { weight: 3, arbitrary: ofTask('retry task') },
  { weight: 1, arbitrary: several('cancel several', 1) },
  { weight: 1, arbitrary: several('retry several', 0) },
  { weight: 1, arbitrary: ofPlan('synthesize') },
  { weight: 2, arbitrary: ofPlan('submit again') },
  { weight: 1, arbitrary: ofPlan('delete') },
]

const workers: Weighted[] = [
  { weight: 2, arbitrary: plain('end worker') },
  { weight: 2, arbitrary: plain('kill worker') },
  { weight: 5, arbitrary: plain('start worker') },
]

/** Alone, or as an attempt ends, whose result is on its way. */
const breaks: Weighted[] = [
  { weight: 1, arbitrary: plain('break connections') },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('both'),
      of: fc.tuple(end, plain('break connections')),
      apart: fc.nat({ max: 12 }),
    }),
  },
]

/** Two commands at the same moment, or the same one twice. */
function races(commands: Weighted[]): Weighted {
  const one = fc.oneof(...commands)
  const of = fc.oneof(
    fc.tuple(one, one),
    one.map((command): [Command, Command] => [command, command]),
  )
  const both = fc.record({ do: fc.constant<'both'>('both'), of, apart: fc.nat({ max: 12 }) })
  return { weight: 8, arbitrary: both }
}

function sequences(shape: fc.Arbitrary<PlanShape>, commands: Weighted[]): fc.Arbitrary<Command[]> {
  const more = fc.oneof({ weight: 3, arbitrary: submit(shape) }, ...commands)
  return fc
    .tuple(submit(shape), fc.array(more, { maxLength: 14, size: 'max' }))
    .map(([first, rest]) => [first, ...rest])
}

/** Kinds of sequences, each with an emphasis of its own. */
export const MIXTURES = {
  'one command after another': sequences(planShapes(5, false), anytime),
  'two commands at the same moment': sequences(planShapes(4, false), [...anytime, races(anytime)]),
  'workers that end, die and come': sequences(planShapes(4, false), [
    ...anytime,
    ...workers,
    ...breaks,
  ]),
  'money, priorities, lanes and time': sequences(planShapes(5, true), [
    ...anytime,
    { weight: 2, arbitrary: resume },
  ]),
} as const satisfies Record<string, fc.Arbitrary<Command[]>>
export type Mixture = keyof typeof MIXTURES

/**
 * What the suite plays: the same each time, so that a change is what makes it fail. New sequences are
 * drawn by `script/soak`, and by `SEED=… SEQUENCES=… vitest run test/model`.
 */
export const PLAYED: Record<Mixture, { seed: number; count: number }> = {
  'one command after another': { seed: 101, count: 500 },
  'two commands at the same moment': { seed: 102, count: 500 },
  'workers that end, die and come': { seed: 268_695, count: 500 },
  'money, priorities, lanes and time': { seed: 267_042, count: 500 },
}
