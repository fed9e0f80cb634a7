import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { TaskSpec } from '../../../src/core/contract/task-spec.ts'
import type { ExecutionOutcome, ExecutionRequest } from '../../../src/core/ports/executor.ts'
import { staticExecutor } from '../../../src/executors/static/static-executor.ts'

export function aTask(changes: Partial<TaskSpec> = {}): TaskSpec {
  return {
    id: 'review',
    description: 'Review the code',
    task: 'Review the code.',
    executor: 'static',
    timeoutMs: 60_000,
    attempts: 1,
    priority: 0,
    ...changes,
  }
}

export function aRequest(root: string | undefined, spec: Partial<TaskSpec> = {}): ExecutionRequest {
  return {
    planId: 'plan',
    taskId: 'review',
    attempt: 1,
    sharedContext: '',
    prompt: 'Review the code.',
    spec: aTask(spec),
    workspace: root === undefined ? undefined : { root, writable: false },
  }
}

/** A folder with these files, gone after the test. */
export async function aWorkspace(files: Record<string, string>): Promise<string> {
  const root = await aFolder()
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  return root
}

export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export function execute(
  root: string | undefined,
  spec: Partial<TaskSpec> = {},
  { signal = new AbortController().signal, temporaryDir = tmpdir() } = {},
): Promise<ExecutionOutcome> {
  return staticExecutor({ temporaryDir }).execute(aRequest(root, spec), {
    signal,
    onText() {},
    onUsage() {},
  })
}

/** What a review of these files says. */
export async function review(
  files: Record<string, string>,
  spec: Partial<TaskSpec> = {},
): Promise<ExecutionOutcome & { ids: string[]; where: string[] }> {
  const outcome = await execute(await aWorkspace(files), spec)
  const findings = outcome.output.findings ?? []
  return {
    ...outcome,
    ids: findings.map(({ detail }) => /\[([^\]]+)\]$/.exec(detail ?? '')?.[1] ?? ''),
    where: findings.map(({ file, line }) => `${file}:${line}`),
  }
}

/** The processes that run in a folder or below it. */
export async function processesIn(folder: string): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const at = await readlink(`/proc/${name}/cwd`).catch(() => '')
    if (at.startsWith(folder)) found.push(Number(name))
  }
  return found
}
