import { describe, expect, test } from 'vitest'
import { tallyOf, type VitestReport } from '../../script/test.ts'

const report = (
  passed: number,
  failed: number,
  files: VitestReport['testResults'] = [],
): VitestReport => ({ numPassedTests: passed, numFailedTests: failed, testResults: files })

describe('the closing line of script/test', () => {
  test('counts the tests that passed and failed', () => {
    expect(tallyOf(report(7, 0), { code: 0 })).toEqual({ passed: 7, failed: 0 })
    const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] }
    expect(tallyOf(report(7, 2, [failing]), { code: 1 })).toEqual({ passed: 7, failed: 2 })
  })

  test('counts a file that could not be loaded as one failure', () => {
    const unloadable = { status: 'failed', assertionResults: [] }
    expect(tallyOf(report(7, 0, [unloadable]), { code: 1 })).toEqual({ passed: 7, failed: 1 })
  })

  test('counts a run that failed without a failed test as one failure', () => {
    expect(tallyOf(report(7, 0), { code: 1 })).toEqual({ passed: 7, failed: 1 })
    expect(tallyOf(report(7, 0), { code: undefined })).toEqual({ passed: 7, failed: 1 })
  })

  test('counts a run without a report as one failure, whatever its exit code', () => {
    expect(tallyOf(undefined, { code: 0 })).toEqual({ passed: 0, failed: 1 })
  })
})
