import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import {
  type ClaudeAgentSetup,
  claudeAgentExecutor,
} from '../../../src/executors/claude-agent/claude-agent-executor.ts'
import { aContext, aRequest } from '../requests.ts'
import { answer, result, type Step, standIn } from './stand-in.ts'

export const DONE: Step[] = [...answer('Done.'), result({ result: 'Done.' })]

export function anAgent(script: Step[] = DONE, setup: Partial<ClaudeAgentSetup> = {}) {
  const agent = standIn(() => script)
  const executor = claudeAgentExecutor({
    apiKey: 'sk-ant-secret-1',
    baseUrl: undefined,
    defaultModel: undefined,
    query: agent.query,
    ...setup,
  })
  return { ...agent, executor }
}

export const run = (script: Step[], spec: object = {}) =>
  anAgent(script).executor.execute(aRequest(spec), aContext())

/** What the SDK was given for a task. */
export async function optionsFor(spec: object, request: object = {}, setup: object = {}) {
  const { executor, asked } = anAgent(DONE, setup)
  await executor.execute(aRequest(spec, request), aContext())
  const [first] = asked
  if (first === undefined) throw new Error('nothing was asked')
  return { ...first.options, prompt: first.prompt }
}

export async function aFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-agent-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
