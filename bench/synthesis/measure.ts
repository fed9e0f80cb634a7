import { cpus } from 'node:os'
import { table } from '../figures.ts'
import { contestsGiven } from './contests-given.ts'
import { type Measured, measureContest } from './measure-contest.ts'
import { addAgreements, figuresOf } from './scores.ts'

// Measures the merge against the judges of public audit contests. Nothing is downloaded: FOLDER
// contains clones of the repositories in contests.json, or in the given list.
// `node bench/synthesis/measure.ts FOLDER [LIST]`.

const measured = contestsGiven('measure.ts').map(({ name, submissions }) => ({
  name,
  ...measureContest(submissions),
}))

process.stdout.write(
  `${cpus().length} cores (${cpus()[0]?.model ?? '?'}), Node ${process.version}\n\n`,
)
process.stdout.write(
  table(
    [
      'contest',
      'tasks',
      'reported',
      'findings',
      'precision',
      'recall',
      'F1',
      'B-cubed F1',
      'first ten',
      'of issues',
      'AUC',
      'by agreement',
      'contradictions',
      'ms',
    ],
    measured.map((each) => row(each.name, each)),
  ),
)
process.stdout.write('\n')
process.stdout.write(table(['all contests', ''], totals(measured)))

function row(name: string, each: Measured): string[] {
  const { precision, recall, f1, bCubed } = figuresOf(each.agreement)
  return [
    name,
    `${each.tasks}`,
    `${each.submissions}`,
    `${each.findings}`,
    ...[precision, recall, f1, bCubed].map(hundredths),
    `${each.firstTen}`,
    `${each.issues}`,
    hundredths(each.ranked),
    hundredths(each.byAgreement),
    `${each.contradictions}`,
    `${Math.round(each.milliseconds)}`,
  ]
}

function totals(all: readonly Measured[]): string[][] {
  const { precision, recall, f1, bCubed } = figuresOf(
    addAgreements(all.map(({ agreement }) => agreement)),
  )
  const small = figuresOf(addAgreements(all.map((each) => each.small)))
  const sum = (of: (each: Measured) => number) => all.reduce((total, each) => total + of(each), 0)
  const submissions = sum((each) => each.submissions)
  const smallSize = Math.round(sum((each) => each.smallSize) / all.length)
  return [
    ['duplicates merged: precision of pairs', hundredths(precision)],
    ['… recall of pairs', hundredths(recall)],
    ['… F1 of pairs', hundredths(f1)],
    ['… B-cubed F1', hundredths(bCubed)],
    [`plans of 8 tasks and some ${smallSize} findings: precision`, hundredths(small.precision)],
    ['… recall', hundredths(small.recall)],
    ['… F1', hundredths(small.f1)],
    ['titles read out of raw Markdown', percent(sum((each) => each.titles) / submissions)],
    [
      '… findings that are none, per report',
      percent(sum((each) => each.falseTitles) / submissions),
    ],
    [
      "severity of a merged finding as the judges'",
      percent(sum((each) => each.ratedAsJudged) / sum((each) => each.rated)),
    ],
    [
      'different accepted issues among the first ten, mean',
      (sum((each) => each.firstTen) / all.length).toFixed(1),
    ],
    [
      '… where one submission in a finding is enough',
      (sum((each) => each.firstTenInPart) / all.length).toFixed(1),
    ],
    ['accepted before rejected (AUC, mean)', hundredths(sum((each) => each.ranked) / all.length)],
    ['contradictions shown', `${sum((each) => each.contradictions)}`],
    [
      'the same with its tasks shuffled',
      `${all.filter((each) => each.shuffledSame).length} of ${all.length}`,
    ],
  ]
}

function hundredths(value: number): string {
  return Number.isNaN(value) ? '–' : value.toFixed(2)
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`
}
