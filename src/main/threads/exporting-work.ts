import { exportOutput } from '../../core/export/export-output.ts'
import { exportSynthesis } from '../../core/export/export-synthesis.ts'

/** Work for a thread: answers that are made of large outputs and syntheses. */
export const EXPORTING_WORK = { exportOutput, exportSynthesis }
