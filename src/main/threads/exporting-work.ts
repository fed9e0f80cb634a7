import { exportSynthesis } from '../../core/export/export-synthesis.ts'

/** Work for a thread: large syntheses in other formats. */
export const EXPORTING_WORK = { exportSynthesis }
