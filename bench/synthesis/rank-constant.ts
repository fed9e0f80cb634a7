import { importanceIn } from '../../src/core/merge/rank-findings.ts'
import { table } from '../figures.ts'
import { contestsGiven } from './contests-given.ts'
import { differentIssues, type Judged, judgedFindings } from './measure-contest.ts'

// Which number of tasks should be half as convincing as infinitely many: evaluates each candidate
// on all contests, and on each contest the candidate that is best on the others. `node
// bench/synthesis/rank-constant.ts FOLDER [LIST]`.

const CANDIDATES = [1, 2, 4, 8, 12, 16, 24, 32]

const contests = contestsGiven('rank-constant.ts').map(({ name, submissions }) => ({
  name,
  findings: judgedFindings(submissions),
}))

const orders: { name: string; firstTen: Judged[][] }[] = [
  order('severity, then agreement', ({ severity }) => importanceIn([])({ severity, sources: [] })),
  order('agreement alone', ({ sources }) => sources.length),
  ...CANDIDATES.map((candidate) => ({
    name: `${candidate}`,
    firstTen: contests.map(({ findings }) => first(findings, importanceIn(findings, candidate))),
  })),
]
const candidates = orders.slice(-CANDIDATES.length)

process.stdout.write(
  table(
    ['first ten by', 'different accepted issues', '… in part', 'of high ones'],
    [...orders, { name: 'best of the other contests', firstTen: heldOut() }].map(
      ({ name, firstTen }) => [
        name,
        mean(firstTen.map((some) => differentIssues(some, 'issue'))),
        mean(firstTen.map((some) => differentIssues(some, 'part'))),
        mean(firstTen.map((some) => some.filter(({ issue }) => issue?.accepted === 'high').length)),
      ],
    ),
  ),
)

function order(name: string, importance: (finding: Judged) => number) {
  return { name, firstTen: contests.map(({ findings }) => first(findings, importance)) }
}

function first(findings: readonly Judged[], importance: (finding: Judged) => number): Judged[] {
  return findings
    .toSorted((a, b) => importance(b) - importance(a) || b.sources.length - a.sources.length)
    .slice(0, 10)
}

/** For each contest, the first ten findings with the candidate that is best on all others. */
function heldOut(): Judged[][] {
  return contests.map((_, held) => {
    const score = ({ firstTen }: (typeof orders)[number]) =>
      firstTen
        .filter((__, at) => at !== held)
        .reduce((sum, some) => sum + differentIssues(some, 'part'), 0)
    const best = candidates.reduce((a, b) => (score(b) > score(a) ? b : a))
    return best.firstTen[held] ?? []
  })
}

function mean(values: readonly number[]): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2)
}
