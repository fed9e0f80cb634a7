import type { ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/**
 * What is used of the Claude Agent SDK, in its own words. Not its own types: the package is large
 * and seldom installed, and everything is checked without it.
 */
export type AgentQuery = (request: { prompt: string; options: AgentOptions }) => AgentSession

/** Yields the messages of one conversation, and throws after a result that is an error. */
export interface AgentSession extends AsyncIterable<unknown> {
  /** Ends the conversation with a result that has what was used so far. */
  interrupt(): Promise<unknown>
}

export interface AgentOptions {
  cwd: string
  /** Replaces the environment of this process. */
  env: Record<string, string>
  model?: string
  systemPrompt: string
  /** The built-in tools that there are. */
  tools: string[]
  /** Rules of what needs no permission, besides reading in `cwd`. */
  allowedTools?: string[]
  hooks?: { PreToolUse: { matcher: string; hooks: ToolHook[] }[] }
  permissionMode: 'dontAsk'
  permissionPrompts: 'none'
  /** Which settings files are read. */
  settingSources: never[]
  strictMcpConfig: true
  /** `@file` and `/command` in a prompt are text. */
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

/** What to tell npm. The minor version is the one that these options were tried with. */
export const PACKAGE_TO_INSTALL = `${PACKAGE}@0.3`

/** Why the SDK cannot be used here; `undefined` when it can. */
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

/** @throws Where there is a `sdkProblem`. */
export async function loadSdk(from: string = import.meta.url): Promise<AgentQuery> {
  // Not by its name, for which the compiler would look too.
  const entry = pathToFileURL(createRequire(from).resolve(PACKAGE))
  return Sdk.parse(await import(entry.href)).query
}

/** Called before a tool; what it answers may refuse the call. */
export type ToolHook = (input: unknown) => Promise<Record<string, unknown>>
