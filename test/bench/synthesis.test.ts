import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readContest } from '../../bench/synthesis/read-contest.ts'
import { agreementOf, areaUnderCurve, figuresOf } from '../../bench/synthesis/scores.ts'

const ROOT = join(import.meta.dirname, '../..')
const NAME = '2030-01-vault-judging'
const LINK = 'https://github.com/example-audits/2030-01-vault/blob/main/src/Vault.sol#L'
const folder = mkdtempSync(join(tmpdir(), 'tutti-contest-'))
const clone = join(folder, NAME)
const list = join(folder, 'contests.json')
const contest = { repository: `https://github.com/example-audits/${NAME}`, commit: '' }

function submission(author: string, severity: string, title: string, line: number): string {
  return `${author}\n\n${severity}\n\n# ${title}\n\n## Summary\n${title}, so that a caller can take the balance of the vault.\n## Code Snippet\n${LINK}${line}\n## Recommendation\nCheck the caller of the function.\n`
}

const FILES: Record<string, string> = {
  'README.md': `# Issue H-1: Anyone can withdraw from the vault \n\nSource: ${contest.repository}/issues/1 \n\n## Found by \nann, ben\n`,
  '001-H/001.md': submission('ann', 'high', 'Anyone can withdraw from the vault', 10),
  '001-H/002.md': submission('ben', 'medium', 'Anyone can withdraw from the vault', 10),
  'invalid/003.md': submission('cid', 'high', 'The fee is rounded down', 50),
  '.data/004.md': 'not a submission',
}

beforeAll(() => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      cwd: clone,
    }).toString()
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true })
    writeFileSync(join(clone, path), text)
  }
  git('init', '--quiet')
  git('add', '--force', '.')
  git('commit', '--quiet', '--message', 'Judged')
  contest.commit = git('rev-parse', 'HEAD').trim()
  // What comes after the commit is not measured.
  rmSync(join(clone, '001-H/002.md'))
  git('commit', '--quiet', '--all', '--message', 'Changed later')
  writeFileSync(list, JSON.stringify([contest]))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function measure(...args: string[]) {
  return promisify(execFile)(process.execPath, ['bench/synthesis/measure.ts', ...args], {
    cwd: ROOT,
  })
}

test('a contest is read as its judges left it at the commit', () => {
  const read = readContest(contest, clone)
  expect(read.map(({ path, author, group, accepted }) => [path, author, group, accepted])).toEqual([
    ['001-H/001.md', 'ann', '001-H', 'high'],
    ['001-H/002.md', 'ben', '001-H', 'high'],
    ['invalid/003.md', 'cid', undefined, undefined],
  ])
  expect(read[1]?.finding).toMatchObject({
    title: 'Anyone can withdraw from the vault',
    severity: 'medium',
    file: 'Vault.sol',
    line: 10,
    recommendation: 'Check the caller of the function.',
  })
  expect(read[1]?.finding.detail).toContain('a caller can take the balance')
})

test('the merge of a folder of clones is measured with one command', {
  timeout: 120_000,
}, async () => {
  const { stdout } = await measure(folder, list)
  expect(stdout).toMatch(
    new RegExp(
      `\\| ${NAME} \\| 3 \\| 3 \\| 2 \\| 1\\.00 \\| 1\\.00 \\| 1\\.00 \\| 1\\.00 \\| 1 \\| 1 \\|`,
    ),
  )
  expect(stdout).toContain('| titles read out of raw Markdown | 100.0 % |')
  expect(stdout).toContain('| the same with its tasks shuffled | 1 of 1 |')
})

test('clones that are missing are named, and nothing is fetched', {
  timeout: 120_000,
}, async () => {
  await expect(measure(join(folder, 'nothing'), list)).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`git clone ${contest.repository}`),
  })
})

test('clusters are scored by pairs and by members', () => {
  const members = ['aa', 'aa', 'ab', 'bb', 'cb'].map(([judged = '', merged = '']) => ({
    judged,
    merged,
  }))
  // Judged are three pairs, merged four, and one is in both.
  const figures = figuresOf(agreementOf(members))
  expect(figures).toMatchObject({ precision: 1 / 4, recall: 1 / 3 })
  expect(figures.f1).toBeCloseTo(2 / 7)
  const [precision, recall] = [
    (1 + 1 + 1 / 3 + 1 / 3 + 1 / 3) / 5,
    (2 / 3 + 2 / 3 + 1 / 3 + 1 + 1) / 5,
  ]
  expect(figures.bCubed).toBeCloseTo((2 * precision * recall) / (precision + recall))
  expect(areaUnderCurve([true, false, true, false])).toBe(3 / 4)
})
