import { extractFindings } from '../../core/findings/extract-findings.ts'
import { MERGING } from '../../core/merge/merge-operations.ts'
import { readOutput } from '../../executors/output/read-output.ts'

/** Work for a thread: reading the outputs of tasks, which are untrusted. */
export const READING_WORK = { ...MERGING, extractFindings, readOutput }
