import { z } from 'zod'
import { TransientError } from '../core/contract/errors.ts'
import { checkOptions } from '../core/contract/field-errors.ts'
import { EchoOptions } from '../core/contract/task-spec.ts'
import { NO_USAGE } from '../core/contract/usage.ts'
import type { Executor, ExecutorDescription } from '../core/ports/executor.ts'
import { renderFullPrompt } from '../core/text/prompt.ts'
import { shorten } from '../core/text/shorten.ts'
import { pause } from '../core/timing/pause.ts'
import { untilAborted } from '../core/timing/until-aborted.ts'

const DESCRIPTION: ExecutorDescription = {
  name: 'echo',
  description: 'Returns the rendered prompt. For rehearsals, tests and load.',
  available: true,
  tools: [],
  capabilities: {
    readsWorkspace: false,
    requiresWorkspace: false,
    writesWorkspace: false,
    usesModel: false,
    structuredOutput: false,
    resumes: false,
    readsMessages: false,
  },
  cost: 'none',
  options: z.toJSONSchema(EchoOptions, { io: 'input' }),
}

/** Answers with the rendered prompt, for rehearsals, tests and load. It costs nothing. */
export const echoExecutor: Executor = {
  name: 'echo',
  lane: 'io',

  describe: () => DESCRIPTION,

  validate(spec) {
    const errors = checkOptions(EchoOptions, spec.options)
    // The prompt would be reported as a success without matching the schema.
    if (spec.outputSchema !== undefined) {
      errors.push({ path: ['outputSchema'], message: 'is not supported by the executor `echo`' })
    }
    return errors
  },

  async execute({ spec, attempt, sharedContext, prompt }, { signal }) {
    signal.throwIfAborted()
    const options = spec.options === undefined ? {} : EchoOptions.parse(spec.options)
    const { delayMs = 0, failAttempts = 0, hang = false, outputBytes } = options
    if (hang) await untilAborted(new Promise<never>(() => {}), signal)
    if (delayMs > 0) await pause(delayMs, signal)
    signal.throwIfAborted()
    if (attempt <= failAttempts) {
      throw new TransientError(`attempt ${attempt} failed, as \`failAttempts\` asked`, {
        code: 'echo-failed',
      })
    }
    const full = renderFullPrompt(sharedContext, prompt)
    const text = outputBytes === undefined ? full : fitBytes(full, outputBytes)
    return { status: 'succeeded', output: { text }, usage: NO_USAGE }
  },
}

/** Cuts or pads with spaces to exactly `size` bytes of UTF-8, without splitting a character. */
function fitBytes(text: string, size: number): string {
  // A UTF-16 unit takes at least one byte, so no later unit can be within `size`.
  const bytes = Buffer.from(shorten(text, size))
  if (bytes.length <= size) return bytes.toString() + ' '.repeat(size - bytes.length)
  let end = size
  // 10xxxxxx continues the previous character.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end) + ' '.repeat(size - end)
}
