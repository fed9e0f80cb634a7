import { z } from 'zod'
import { type Tool, tool } from './tool.ts'

const listExecutors = tool(
  {
    name: 'list_executors',
    title: 'List what can run tasks',
    description:
      'The executors of the service: which is the default, what each does, its tools, whether it needs a workspace, and if it cannot run, why.',
    effect: 'reads',
  },
  z.strictObject({}),
  async ({ tutti }, _args, signal) => {
    const { default: defaultName, defaultModel, items } = await tutti.executors({ signal })
    return {
      default: defaultName,
      defaultModel,
      executors: items.map(({ name, description, available, reason, tools, capabilities }) => ({
        name,
        description,
        available,
        ...(reason === undefined ? {} : { reason }),
        ...(tools.length === 0 ? {} : { tools }),
        needsWorkspace: capabilities.requiresWorkspace,
        usesModel: capabilities.usesModel,
      })),
    }
  },
)

export const EXECUTOR_TOOLS: Tool[] = [listExecutors]
