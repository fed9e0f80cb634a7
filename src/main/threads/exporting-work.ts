import { exportOutput } from '../../core/export/export-output.ts'
import { exportSynthesis } from '../../core/export/export-synthesis.ts'

/** Work for a thread: answers made from large outputs and syntheses. */
export const EXPORTING_WORK = { exportOutput, exportSynthesis }
