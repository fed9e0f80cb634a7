import type { Context } from '../context.ts'
import { EXIT, exitCodeOfTask } from '../exit-code.ts'
import { withoutControls } from '../terminal.ts'

export interface OutputOptions {
  wait: boolean
  json: boolean
  timeoutMs: number
}

/** Prints what a task produced, unchanged. @returns The exit code. */
export async function showOutput(
  { terminal, patient, quick }: Context,
  planId: string,
  taskId: string,
  { wait, json, timeoutMs }: OutputOptions,
): Promise<number> {
  // The first call does not wait, so that an unknown plan or an unreachable service shows at once.
  const first = await quick.tasks.output(planId, taskId, { block: false })
  const answer =
    wait && first.retrievalStatus !== 'success'
      ? await patient.tasks.output(planId, taskId, { timeoutMs })
      : first
  if (json) {
    terminal.out(JSON.stringify(answer, null, 2))
  } else {
    const { output, status, error } = answer.task
    if (output !== '') terminal.out(terminal.markdown(output))
    if (answer.retrievalStatus !== 'success') terminal.note(`${taskId} is ${status}: no output yet`)
    else if (status !== 'succeeded') {
      terminal.note(withoutControls(`${taskId} ${status}${error ? `: ${error.message}` : ''}`))
    }
  }
  return answer.retrievalStatus === 'success' ? exitCodeOfTask(answer.task.status) : EXIT.error
}
