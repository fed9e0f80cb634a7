import { createHash } from 'node:crypto'
import { writesOf } from '../../src/core/contract/files-written.ts'
import { NO_USAGE } from '../../src/core/contract/usage.ts'
import type { ExecutionRequest, Executor } from '../../src/core/ports/executor.ts'
import { fileTools, lookAgain } from '../../src/executors/model/tools/file-tools.ts'
import { oneAfterAnother } from '../../src/executors/model/tools/in-order.ts'

/** A call of one of the tools on files. */
type Call = [name: string, input: Record<string, unknown>]

/** `answer`: what the task says; otherwise a hash of its prompt and of what its tools said. */
export interface ReadingOptions {
  calls?: Call[]
  answer?: string
}

/** Like an agent, as far as reuse is concerned: it costs money, and works with the tools on files. */
export function readingExecutor(options: { name?: string; seesReads?: boolean } = {}) {
  const { name = 'reader', seesReads = true } = options
  /** The tasks that ran, in order, as '<plan> <task>'. */
  const ran: string[] = []
  const executor: Executor = {
    name,
    lane: 'io',
    describe: () => ({
      name,
      description: 'Reads and writes what a test says.',
      available: true,
      tools: [],
      capabilities: {
        readsWorkspace: true,
        requiresWorkspace: false,
        writesWorkspace: true,
        usesModel: false,
        structuredOutput: false,
        resumes: false,
        readsMessages: false,
      },
      cost: 'counted',
      options: {},
    }),
    validate: () => [],
    seesReads: () => seesReads,
    look: lookAgain,
    async execute(request, { onUsage, reads }) {
      ran.push(`${request.planId} ${request.taskId}`)
      const usage = { ...NO_USAGE, inputTokens: 100, outputTokens: 10, steps: 1, costUsd: 0.01 }
      onUsage(usage)
      const said = await callTools(request, reads)
      const { answer } = (request.spec.options ?? {}) as ReadingOptions
      const hash = createHash('sha256').update(JSON.stringify([request.prompt, said]))
      const title = answer ?? `Says ${hash.digest('hex').slice(0, 8)}`
      const findings = [
        { title, severity: 'low' as const, confidence: 0.5, file: 'src/a.ts', line: 1 },
      ]
      return { status: 'succeeded', output: { text: title, findings }, usage }
    },
  }
  return { executor, ran }
}

async function callTools(
  { spec, workspace }: ExecutionRequest,
  reads: Parameters<typeof fileTools>[0]['reads'],
): Promise<unknown[]> {
  const { calls = [] } = (spec.options ?? {}) as ReadingOptions
  if (workspace === undefined) return []
  const writes = writesOf(spec)
  const inOrder = oneAfterAnother()
  const { tools } = await fileTools({ workspace, chosen: undefined, writes, inOrder, reads })
  const said: unknown[] = []
  for (const [name, input] of calls) {
    said.push(
      await tools[name]?.execute?.(input as never, { toolCallId: '', messages: [] } as never),
    )
  }
  return said
}
