import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tallyOf, type VitestReport } from '../../script/test.ts'

const report = (
  passed: number,
  failed: number,
  files: VitestReport['testResults'] = [],
): VitestReport => ({ numPassedTests: passed, numFailedTests: failed, testResults: files })

type File = VitestReport['testResults'][number]

const file = (message: string, assertionResults: File['assertionResults']): File => ({
  name: join(import.meta.dirname, 'a.test.ts'),
  status: 'failed',
  message,
  assertionResults,
})

describe('the closing lines of script/test', () => {
  test('count the tests that passed and failed, and name those that failed', () => {
    expect(tallyOf(report(7, 0), { code: 0 })).toEqual({ passed: 7, failed: 0, failures: [] })
    const failing = file('', [
      { fullName: 'adds up', status: 'failed', failureMessages: ['Error: 3 is not 4\n  at …'] },
      { fullName: 'counts', status: 'passed', failureMessages: [] },
      { fullName: 'divides', status: 'failed', failureMessages: [] },
    ])
    expect(tallyOf(report(7, 2, [failing]), { code: 1 })).toEqual({
      passed: 7,
      failed: 2,
      failures: [
        'test/scripts/a.test.ts: adds up: Error: 3 is not 4',
        'test/scripts/a.test.ts: divides: ',
      ],
    })
  })

  test('count a file that could not be loaded as one failure', () => {
    expect(tallyOf(report(7, 0, [file('SyntaxError: x', [])]), { code: 1 })).toEqual({
      passed: 7,
      failed: 1,
      failures: ['test/scripts/a.test.ts: SyntaxError: x'],
    })
  })

  test('count a run that failed without a failed test as one failure', () => {
    const lost = { passed: 7, failed: 1, failures: [expect.stringContaining('Unhandled Errors')] }
    expect(tallyOf(report(7, 0), { code: 1 })).toEqual(lost)
    expect(tallyOf(report(7, 0), { code: undefined })).toEqual(lost)
  })

  test('count a run without a report as one failure, whatever its exit code', () => {
    expect(tallyOf(undefined, { code: 0 })).toMatchObject({ passed: 0, failed: 1 })
  })
})
