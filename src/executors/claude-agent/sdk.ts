import type { ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/**
 * The part of the Claude Agent SDK that is used here, in its own terms. Its types are not imported,
 * because the package is large and rarely installed, and this code is type-checked without it.
 */
export type AgentQuery = (request: { prompt: string; options: AgentOptions }) => AgentSession

/** Yields the messages of one conversation; throws after a result that is an error. */
export interface AgentSession extends AsyncIterable<unknown> {
  /** Ends the conversation with a result that reports what was used so far. */
  interrupt(): Promise<unknown>
}

export interface AgentOptions {
  cwd: string
  /** Replaces the environment of this process. */
  env: Record<string, string>
  model?: string
  systemPrompt: string
  /** The built-in tools that exist. */
  tools: string[]
  /** Rules for what needs no permission, in addition to reading in `cwd`. */
  allowedTools?: string[]
  hooks?: { PreToolUse: { matcher: string; hooks: ToolHook[] }[] }
  permissionMode: 'dontAsk'
  permissionPrompts: 'none'
  /** Which settings files are read. */
  settingSources: never[]
  strictMcpConfig: true
  /** Treats `@file` and `/command` in a prompt as text. */
  verbatimPrompts: true
  persistSession: false
  includePartialMessages: true
  maxTurns: number
  maxBudgetUsd?: number
  outputFormat?: { type: 'json_schema'; schema: Record<string, unknown> }
  spawnClaudeCodeProcess(request: SpawnRequest): ChildProcess
}

export interface SpawnRequest {
  command: string
  args: string[]
  cwd?: string | undefined
  env: Record<string, string | undefined>
}

const PACKAGE = '@anthropic-ai/claude-agent-sdk'

/** What to install with npm. These options were tested with this minor version. */
export const PACKAGE_TO_INSTALL = `${PACKAGE}@0.3`

/** Why the SDK cannot be used here; `undefined` if it can. */
export function sdkProblem(from: string = import.meta.url): string | undefined {
  try {
    createRequire(from).resolve(PACKAGE)
    return undefined
  } catch {
    return `The Claude Agent SDK is not installed: npm install --no-save ${PACKAGE_TO_INSTALL}`
  }
}

const Sdk = z.object({
  query: z.custom<AgentQuery>((value) => typeof value === 'function'),
})

/** @throws If there is an `sdkProblem`. */
export async function loadSdk(from: string = import.meta.url): Promise<AgentQuery> {
  // Not imported by name, which the compiler would try to resolve.
  const entry = pathToFileURL(createRequire(from).resolve(PACKAGE))
  return Sdk.parse(await import(entry.href)).query
}

/** Called before a tool runs; its answer may refuse the call. */
export type ToolHook = (input: unknown) => Promise<Record<string, unknown>>
