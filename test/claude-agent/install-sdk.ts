import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'
import { PACKAGE_TO_INSTALL, sdkProblem } from '../../src/executors/claude-agent/sdk.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** A path from which the Claude Agent SDK is found. */
    sdkFrom: string
  }
}

/** Brings the SDK into a folder that is removed afterwards, unless it is installed here already. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (sdkProblem() === undefined) {
    project.provide('sdkFrom', import.meta.filename)
    return async () => {}
  }
  const folder = await mkdtemp(join(tmpdir(), 'tutti-claude-agent-sdk-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    const install = ['install', '--prefix', folder, '--no-audit', '--no-fund', PACKAGE_TO_INSTALL]
    await promisify(execFile)('npm', install)
  } catch (error) {
    await remove()
    throw error
  }
  project.provide('sdkFrom', join(folder, 'index.js'))
  return remove
}
