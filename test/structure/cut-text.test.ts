import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Lang, parse } from '@ast-grep/napi'
import { globSync } from 'tinyglobby'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What cuts text: for the service, for the MCP server's answers in parts, for a terminal's columns. */
const CUTTERS = [
  'src/core/text/shorten.ts',
  'src/mcp/excerpt.ts',
  'src/cli/format.ts',
  'src/executors/sandbox/both-ends.ts',
]

/** A limit, as opposed to a place that was found in the text: a number, a constant, or what is named so. */
const LIMIT = /^[\d_]+$|\b[A-Z][A-Z_]+\b|limit|most|\bmax\w|size|\bshare\b|room|width|count/
/** Calls that answer with a list. */
const LISTING =
  /(?:\]|(?:filter|flatMap|map|match|sort|split|toSorted|slice|keys|values|wordsOf|placesOn|similarTasks|leaningTasks|groupPairs|tasksOfRefs)\([\s\S]*\))$/
/** Lists have plural names, here as everywhere. */
const PLURAL = /[a-z]s$/
/** Lists whose name is not plural. */
const LISTS = new Set([
  'src/cli/find-plan.ts: found.slice(0,MOST_NAMED)',
  'src/core/contract/field-errors.ts: all.slice(0,MOST_ERRORS)',
  'src/core/export/export-sarif.ts: placed.slice(0,MAX_RESULTS)',
  'src/core/findings/extract-findings.ts: (inJson.length>0?inJson:findingsInMarkdown(searched)).slice(0,MAX_FINDINGS)',
  'src/core/merge/combine-drafts.ts: conflict.between.slice(0,5)',
  'src/core/merge/rank-actions.ts: shown.slice(0,3)',
  'src/core/merge/conflicts/stances.ts: rest.slice(0,6)',
  'src/core/merge/write-summary.ts: silent.slice(0,MAX_DIGESTS)',
  'src/core/merge/write-summary.ts: missing.slice(0,MAX_MISSING)',
  'src/core/preflight/advise.ts: found.slice(0,MAX_NAMED)',
  'src/core/preflight/check-budget.ts: uncounted.slice(0,20)',
  'src/core/preflight/check-plan.ts: relaxed.slice(0,20)',
  'src/core/preflight/contention.ts: own.slice(0,20)',
  'src/core/read/report.ts: waiting.slice(0,10_000)',
  'src/core/submit/submit-plan.ts: digest.slice(0,2)',
  'src/core/synthesize/verify-findings.ts: wanted.slice(0,MAX_JUDGED)',
  'src/executors/model/calls/error-facts.ts: value.slice(0,20)',
  'src/executors/output/output-schema.ts: (validate.errors??[]).slice(0,MAX_PROBLEMS)',
  'src/executors/static/omissions.ts: counted.slice(0,MAX_EXAMPLES)',
  'src/store/plan-store.ts: rest.slice(0,limit)',
  'src/workspace/git/attributes.ts: found.slice(0,MAX_FILES)',
])
/** Texts of ASCII by construction. */
const DIGEST = /\.digest\(/

function cutsIn(file: string): string[] {
  const root = parse(Lang.TypeScript, readFileSync(`${ROOT}${file}`, 'utf8')).root()
  const slices = root.findAll('$A.slice(0, $N)').concat(root.findAll('$A?.slice(0, $N)'))
  const old = root.findAll('$A.substring($$$N)').concat(root.findAll('$A.substr($$$N)'))
  const byLimit = slices.filter((call) => {
    const [receiver, end] = ['A', 'N'].map((name) => call.getMatch(name)?.text().trim() ?? '')
    if (receiver === undefined || end === undefined || !LIMIT.test(end)) return false
    return !LISTING.test(receiver) && !PLURAL.test(receiver) && !DIGEST.test(receiver)
  })
  return [...old, ...byLimit].map((call) => `${file}: ${call.text().replaceAll(/\s+/g, '')}`)
}

test('text is cut by one function, which never leaves half a character', () => {
  const files = globSync(['src/**/*.ts'], { cwd: ROOT, ignore: CUTTERS }).toSorted()
  expect(files.length).toBeGreaterThan(300)
  expect(new Set(files.flatMap(cutsIn))).toEqual(LISTS)
})
