import type { ToolSet } from 'ai'
import type { Tracer } from '../../../core/ports/tracing.ts'

/** The same tools, with a span for each run. Inputs and results are not recorded. */
export function tracedTools(tracer: Tracer, tools: ToolSet): ToolSet {
  return Object.fromEntries(
    Object.entries(tools).map(([name, tool]) => {
      const { execute } = tool
      if (execute === undefined) return [name, tool]
      const traced: typeof execute = (input, options) =>
        tracer.span(
          {
            name: `execute_tool ${name}`,
            attributes: {
              'gen_ai.operation.name': 'execute_tool',
              'gen_ai.tool.name': name,
              'gen_ai.tool.type': 'function',
              'gen_ai.tool.call.id': options.toolCallId,
            },
          },
          async () => execute(input, options),
        )
      return [name, { ...tool, execute: traced }]
    }),
  )
}
