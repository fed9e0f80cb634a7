import { realpath } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { z } from 'zod'
import { writesOf } from '../../core/contract/files-written.ts'
import type { ExecutionRequest } from '../../core/ports/executor.ts'
import { writeScope } from '../model/tools/write-tools.ts'
import type { AgentOptions, ToolHook } from './sdk.ts'

/** Tool names that a task may use, the same as for other agents here, and their SDK names. */
const SDK_NAMES: Record<string, string> = {
  glob: 'Glob',
  grep: 'Grep',
  read: 'Read',
  write: 'Write',
  edit: 'Edit',
}
const WRITING = ['Write', 'Edit']

export const TOOLS: readonly string[] = Object.keys(SDK_NAMES)

/** Case is ignored: `Read` equals `read`. */
export function isTool(name: string): boolean {
  return Object.hasOwn(SDK_NAMES, name.toLowerCase())
}

export type ToolOptions = Pick<AgentOptions, 'tools' | 'allowedTools' | 'hooks'>

/**
 * The tools of one task: those that read for every task with files, and those that write if the
 * task may write, limited to the files it declared. There is no tool that runs programs. Reading
 * within `root` needs no permission, and there is nobody to grant any other.
 */
export function toolOptions(
  { spec, workspace }: Pick<ExecutionRequest, 'spec' | 'workspace'>,
  root: string,
): ToolOptions {
  if (workspace === undefined) return { tools: [] }
  const writes = writesOf(spec)
  const mayWrite = workspace.writable && writes.length > 0
  const chosen = (spec.tools ?? TOOLS).flatMap((name) => SDK_NAMES[name.toLowerCase()] ?? [])
  const tools = [...new Set(chosen)].filter((name) => mayWrite || !WRITING.includes(name))
  if (!tools.some((name) => WRITING.includes(name))) return { tools }
  return {
    tools,
    // The rule for editing covers all tools that write. Links that lead outside are refused.
    allowedTools: ['Edit(./**)'],
    hooks: { PreToolUse: [{ matcher: WRITING.join('|'), hooks: [scopeHook(root, writes)] }] },
  }
}

const HookInput = z.object({ tool_input: z.object({ file_path: z.string() }) })

function scopeHook(root: string, writes: readonly string[]): ToolHook {
  const inScope = writeScope(writes)
  return async (input) => {
    const path = HookInput.safeParse(input).data?.tool_input.file_path
    const place = path === undefined ? '' : relative(root, await realPlace(resolve(root, path)))
    if (inScope(place.split(sep).join('/'))) return {}
    return {
      hookSpecificOutput: {
        hookEventName: 'PreToolUse',
        permissionDecision: 'deny',
        permissionDecisionReason: 'This is not among the files that this task may write.',
      },
    }
  }
}

/** The real location of a path, with links resolved, even if nothing exists there yet. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return dirname(path) === path ? path : join(await realPlace(dirname(path)), basename(path))
  }
}
