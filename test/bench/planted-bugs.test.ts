import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { plantBugs, scoreFindings } from '../../bench/planted-bugs/plant-bugs.ts'

const CODE = `import { createHash } from 'node:crypto'

// Math.min( in a comment is ignored.
export function hashPassword(password: string): string {
  return createHash('sha256').update(password).digest('hex')
}
${'\n'.repeat(12)}export const least = (a: number, b: number) => Math.min(a, b)
export const sorted = (list: number[]) => list.toSorted((a, b) => a - b)
`

test('bugs are planted one to a line, apart from each other, and the same each time', () => {
  const planted = plantBugs({ 'a.ts': CODE }, 10)
  expect(planted.bugs).toEqual([
    { kind: 'least for most', file: 'a.ts', line: 19 },
    { kind: 'weak hash', file: 'a.ts', line: 5 },
  ])
  expect(planted.files['a.ts']).toBe(
    CODE.replace("'sha256'", "'md5'").replace('Math.min(a', 'Math.max(a'),
  )
  expect(plantBugs({ 'a.ts': CODE }, 10)).toEqual(planted)
  expect(plantBugs({ 'a.ts': CODE }, 1).bugs).toHaveLength(1)
})

test('a bug is found once by findings that are at most three lines away in its file', () => {
  const { bugs } = plantBugs({ 'a.ts': CODE }, 10)
  const findings = [
    { file: 'a.ts', line: 8 },
    { file: 'a.ts', line: 5 },
    { file: 'a.ts', line: 9 },
    { file: 'b.ts', line: 5 },
    { file: 'a.ts' },
    {},
  ]
  expect(scoreFindings(bugs, findings)).toEqual({ found: 1, right: 2 })
})

test('several reviewers and one look for the bugs in a folder', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-plant-'))
  try {
    writeFileSync(join(folder, 'a.ts'), CODE)
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['bench/planted-bugs/measure.ts', folder],
      { cwd: join(import.meta.dirname, '../..') },
    )
    expect(stdout).toContain('2 bugs of 2 kinds in 1 files, executor static')
    expect(stdout).toMatch(/\| 4 reviewers \| \d+ \| 1 \| 0\.50 \|/)
    expect(stdout).toMatch(/\| one reviewer \| \d+ \| 1 \| 0\.50 \|/)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
