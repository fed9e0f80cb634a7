import { extractFindings } from '../core/findings/extract-findings.ts'
import { MERGING } from '../core/merge/merge-operations.ts'
import { readOutput } from '../executors/output/read-output.ts'

/** What reads the outputs of tasks, whoever wrote them: pieces of work for a thread. */
export const READING_WORK = { ...MERGING, extractFindings, readOutput }
