import type { Finding, Severity } from '../../src/core/contract/findings.ts'
import type { Synthesis } from '../../src/core/contract/synthesis.ts'
import { NO_USAGE } from '../../src/core/contract/usage.ts'
import { extractFindings } from '../../src/core/findings/extract-findings.ts'
import { MERGING } from '../../src/core/merge/merge-operations.ts'
import type { TaskResult } from '../../src/core/ports/models.ts'
import type { Submission } from './read-contest.ts'
import { type Agreement, addAgreements, agreementOf, areaUnderCurve } from './scores.ts'

export interface Measured {
  tasks: number
  submissions: number
  /** Issues that the judges accepted. */
  issues: number
  findings: number
  /** Over the submissions that the judges grouped. */
  agreement: Agreement
  /** The same over small plans: draws of a few of the reviewers. */
  small: Agreement
  /** Submissions in a small plan, on average. */
  smallSize: number
  /** Submissions whose title is found in their Markdown, and findings that are not real ones. */
  titles: number
  falseTitles: number
  /** Findings of accepted issues, and how many of them have the judges' severity. */
  rated: number
  ratedAsJudged: number
  /**
   * Number of different accepted issues among the first ten findings, by the majority of each
   * finding.
   */
  firstTen: number
  /** The same, if a single submission of an accepted issue in a finding is enough. */
  firstTenInPart: number
  /**
   * Probability that an accepted finding precedes a rejected one, in the given order and by
   * agreement alone.
   */
  ranked: number
  byAgreement: number
  contradictions: number
  /** Whether shuffling the tasks gives the same findings in the same order. */
  shuffledSame: boolean
  milliseconds: number
}

/** A merged finding with the judges' verdict. */
export interface Judged {
  severity: Severity
  sources: string[]
  /** The accepted issue that most of it belongs to, and one that some of it belongs to. */
  issue: Submission | undefined
  part: Submission | undefined
}

/**
 * Each author is a task, and each submission one of its findings. They are merged as a worker would
 * do it.
 */
export function measureContest(submissions: readonly Submission[]): Measured {
  const tasks = tasksOf(submissions)
  const started = performance.now()
  const synthesis = synthesize(tasks)
  const milliseconds = performance.now() - started
  const { homes, members } = whereabouts(tasks, synthesis)
  const findings = judge(synthesis, members)
  const right = findings.flatMap(({ issue, severity }) =>
    issue === undefined ? [] : issue.accepted === severity,
  )
  const isAccepted = (some: readonly Judged[]) => some.map(({ issue }) => issue !== undefined)
  return {
    tasks: tasks.size,
    submissions: submissions.length,
    issues: new Set(submissions.filter(({ accepted }) => accepted).map(keyOf)).size,
    findings: findings.length,
    agreement: agreementWithJudges(submissions, homes),
    ...measureSmallPlans(submissions),
    ...titlesRead(submissions),
    rated: right.length,
    ratedAsJudged: right.filter((each) => each).length,
    firstTen: differentIssues(findings.slice(0, 10), 'issue'),
    firstTenInPart: differentIssues(findings.slice(0, 10), 'part'),
    ranked: areaUnderCurve(isAccepted(findings)),
    byAgreement: areaUnderCurve(
      isAccepted(findings.toSorted((a, b) => b.sources.length - a.sources.length)),
    ),
    contradictions: synthesis.conflicts.length,
    shuffledSame: listing(tasks) === listing(new Map(shuffled([...tasks]))),
    milliseconds,
  }
}

function agreementWithJudges(
  submissions: readonly Submission[],
  homes: ReadonlyMap<Submission, string>,
): Agreement {
  return agreementOf(
    submissions.flatMap((each) =>
      each.group === undefined ? [] : { judged: each.group, merged: homes.get(each) ?? '' },
    ),
  )
}

const SMALL_PLANS = 12
const SMALL_PLAN_TASKS = 8
/** Reviewers with fewer submissions are left out of small plans. */
const MIN_SUBMISSIONS = 4

/** Draws plans of eight reviewers each; the same contest always gives the same plans. */
function measureSmallPlans(submissions: readonly Submission[]) {
  const authors = [...Map.groupBy(submissions, ({ author }) => author).values()].toSorted(
    (a, b) => b.length - a.length,
  )
  const thorough = authors.filter(({ length }) => length >= MIN_SUBMISSIONS)
  const pool = thorough.length > SMALL_PLAN_TASKS ? thorough : authors.slice(0, 12)
  const plans = Array.from({ length: SMALL_PLANS }, (_, draw) =>
    shuffled(pool, draw + 1)
      .slice(0, SMALL_PLAN_TASKS)
      .flat(),
  )
  const small = plans.map((plan) => {
    const tasks = tasksOf(plan)
    return agreementWithJudges(plan, whereabouts(tasks, synthesize(tasks)).homes)
  })
  return {
    small: addAgreements(small),
    smallSize: plans.reduce((sum, { length }) => sum + length, 0) / plans.length,
  }
}

/** The findings of a contest in order, with verdicts. */
export function judgedFindings(submissions: readonly Submission[]): Judged[] {
  const tasks = tasksOf(submissions)
  const synthesis = synthesize(tasks)
  return judge(synthesis, whereabouts(tasks, synthesis).members)
}

export function differentIssues(findings: readonly Judged[], of: 'issue' | 'part'): number {
  return new Set(findings.flatMap((each) => (each[of] ? keyOf(each[of]) : []))).size
}

function judge(
  { findings }: Synthesis,
  members: ReadonlyMap<string, readonly Submission[]>,
): Judged[] {
  return findings.map(({ id, severity, sources }) => {
    const inIt = members.get(id) ?? []
    const part = inIt.find(({ accepted }) => accepted !== undefined)
    return { severity, sources, issue: issueOf(inIt), part }
  })
}

type Tasks = ReadonlyMap<string, readonly Submission[]>

function tasksOf(submissions: readonly Submission[]): Tasks {
  const authors = Map.groupBy(submissions, ({ author }) => author)
  return new Map([...authors.values()].map((each, index) => [`auditor-${index + 1}`, each]))
}

/** What a worker does at the end of a plan without a model, in this process. */
function synthesize(tasks: Tasks): Synthesis {
  const results = [...tasks].map(
    ([taskId, submissions]): TaskResult => ({
      taskId,
      description: `Audit by ${taskId}`,
      status: 'succeeded',
      text: '',
      findings: submissions.map(({ finding }): Finding => ({ ...finding })),
    }),
  )
  const { json } = MERGING.settle({
    results,
    from: { kind: 'merge' },
    usage: NO_USAGE,
    model: undefined,
    version: 1,
    createdAt: new Date(0).toISOString(),
    preliminary: false,
    notes: [],
    edits: undefined,
  })
  return JSON.parse(json) as Synthesis
}

/** Which finding each submission is in, according to the ledger. */
function whereabouts(tasks: Tasks, { ledger }: Synthesis) {
  const homes = new Map<Submission, string>()
  const members = new Map<string, Submission[]>()
  for (const { finding, into = '' } of ledger) {
    const [task = '', number] = finding.split('/')
    const submission = tasks.get(task)?.[Number(number) - 1]
    if (submission === undefined) throw new Error(`the ledger names ${finding}, which is none`)
    homes.set(submission, into)
    members.set(into, [...(members.get(into) ?? []), submission])
  }
  return { homes, members }
}

/** The accepted issue that most members of a finding belong to; undefined if most were rejected. */
function issueOf(members: readonly Submission[]): Submission | undefined {
  const issues = Map.groupBy(members, (each) => (each.accepted ? keyOf(each) : undefined))
  const [largest] = [...issues].sort(([, a], [, b]) => b.length - a.length)
  return largest?.[0] === undefined ? undefined : largest[1][0]
}

function keyOf({ group, path }: Submission): string {
  return group ?? path
}

/** Reads each submission's Markdown separately, as if a task had written it. */
function titlesRead(submissions: readonly Submission[]) {
  let titles = 0
  let falseTitles = 0
  for (const { text, finding } of submissions) {
    const read = extractFindings(text).map(({ title }) => plain(title))
    const isRead = read.some((title) => isTitle(title, plain(finding.title)))
    if (isRead) titles += 1
    falseTitles += read.length - (isRead ? 1 : 0)
  }
  return { titles, falseTitles }
}

/**
 * Whether a title was read. Its number, severity and place may be missing: they are fields of a
 * finding.
 */
function isTitle(read: string, written: string): boolean {
  return written.includes(read) && read.length >= 0.4 * written.length
}

/** The letters and digits of a title; punctuation may be missing. */
function plain(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .slice(0, 200)
}

function listing(tasks: Tasks): string {
  const { findings } = synthesize(tasks)
  return JSON.stringify(
    findings.map(({ title, severity, sources }) => [title, severity, sources.toSorted()]),
  )
}

/** Shuffled by a linear congruential generator: one order for each seed. */
function shuffled<T>(items: readonly T[], seed = 1): T[] {
  let state = seed
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state
  }
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
