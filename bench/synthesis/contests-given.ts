import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { type Contest, cloneOf, readContest, type Submission } from './read-contest.ts'

/**
 * The contests that the command line names: FOLDER contains clones of those in LIST, or in
 * contests.json. If one is missing, says how to get it and exits.
 */
export function contestsGiven(script: string): { name: string; submissions: Submission[] }[] {
  const [folder, list = join(import.meta.dirname, 'contests.json')] = process.argv.slice(2)
  if (folder === undefined) {
    process.stderr.write(`node bench/synthesis/${script} FOLDER [LIST]\n`)
    process.exit(2)
  }
  const contests = (JSON.parse(readFileSync(list, 'utf8')) as Contest[]).map((contest) => ({
    contest,
    clone: cloneOf(contest, folder),
  }))
  const missing = contests.filter(({ clone }) => clone === undefined)
  if (missing.length > 0) {
    process.stderr.write(`${folder} lacks clones. Get them there with:\n`)
    for (const { contest } of missing) process.stderr.write(`  git clone ${contest.repository}\n`)
    process.exit(2)
  }
  return contests.map(({ contest, clone = '' }) => ({
    name: basename(contest.repository),
    submissions: readContest(contest, clone),
  }))
}
