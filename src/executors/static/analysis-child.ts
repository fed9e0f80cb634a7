import type { ChildProcess } from 'node:child_process'
import { analyse } from './analyse.ts'
import type { AnalysisAnswer, AnalysisRequest } from './report.ts'

// The process for one analysis: takes one request, answers once, and exits.

let linter: ChildProcess | undefined

const answer = (message: AnalysisAnswer) => {
  process.send?.(message, undefined, undefined, () => {
    process.off('disconnect', abandon)
    process.disconnect?.()
  })
}

/** The worker is gone, so nobody is waiting for the answer. */
function abandon(): void {
  linter?.kill('SIGKILL')
  process.exit(1)
}

process.on('disconnect', abandon)
process.once('message', (request: AnalysisRequest) => void work(request))

async function work(request: AnalysisRequest): Promise<void> {
  try {
    const report = await analyse(request, (child) => {
      linter = child
    })
    answer({ status: 'done', report })
  } catch (error) {
    linter?.kill('SIGKILL')
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    answer({ status: 'failed', message, stack })
  }
}
