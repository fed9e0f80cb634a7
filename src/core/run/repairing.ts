import { NO_USAGE } from '../contract/usage.ts'
import type { Executor } from '../ports/executor.ts'
import { endOf, type Programs, wordsOf } from '../ports/programs.ts'

/**
 * Wraps the executor of a repair task: it is called only if the command fails in the task's folder, and
 * then gets the command's output in its prompt.
 */
export function repairing(executor: Executor, command: string, programs: Programs): Executor {
  return {
    ...executor,
    async execute(request, context) {
      const { workspace } = request
      if (workspace === undefined) return executor.execute(request, context)
      const ran = await programs.run(wordsOf(command), workspace, context.signal)
      if (ran.exitCode === 0) {
        const text = `\`${command}\` passes on the merged edits: there was nothing to repair.`
        context.onText(text)
        return { status: 'succeeded', output: { text, findings: [] }, usage: NO_USAGE }
      }
      const prompt = `${request.prompt}\n\n${endOf(command, ran)} It wrote:\n\n${ran.output}`
      return executor.execute({ ...request, prompt }, context)
    },
  }
}
