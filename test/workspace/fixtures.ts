import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import type {
  OrderedEdits,
  PlanFiles,
  TaskAccess,
  Workspaces,
} from '../../src/core/ports/workspaces.ts'
import type { WorkspaceOptions } from '../../src/workspace/options.ts'
import { workspaces } from '../../src/workspace/workspaces.ts'

/** An empty folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'tutti-workspace-')))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Writes files; a value `{ link }` makes a symbolic link. */
export async function writeFiles(
  folder: string,
  files: Record<string, string | Buffer | { link: string }>,
): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    if (typeof content === 'object' && 'link' in content) await symlink(content.link, target)
    else await writeFile(target, content)
  }
  return folder
}

/** The machine's git, called as a person would, but with no config of this machine. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', args, {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_AUTHOR_NAME: 'A',
      GIT_AUTHOR_EMAIL: 'a@example.com',
      GIT_COMMITTER_NAME: 'A',
      GIT_COMMITTER_EMAIL: 'a@example.com',
    },
  })
  return stdout.trim()
}

/** A repository of two commits: an empty one, and one with the files. */
export async function aRepository(
  folder: string,
  files: Parameters<typeof writeFiles>[1],
): Promise<string> {
  await mkdir(folder, { recursive: true })
  await git(folder, 'init', '--quiet', '--initial-branch=main')
  await git(folder, 'commit', '--quiet', '--allow-empty', '-m', 'start')
  await writeFiles(folder, files)
  await git(folder, 'add', '--force', '.')
  await git(folder, 'commit', '--quiet', '-m', 'files')
  return folder
}

export interface Place {
  dataDir: string
  root: string
  files: Workspaces
}

/** Workspaces with their own data folder and one allowed root. */
export async function aPlace(options: Partial<WorkspaceOptions> = {}): Promise<Place> {
  const folder = await temporaryFolder()
  const dataDir = join(folder, 'data')
  const root = join(folder, 'root')
  await mkdir(root)
  const files = workspaces({ dataDir, roots: [root], gitHosts: [], ...options })
  return { dataDir, root, files }
}

/** A plan whose base is pinned as the store does it: once, by whoever comes first. */
export function aPlan(
  spec: PlanFiles['spec'],
  inline: Record<string, string> = {},
): PlanFiles & { pinned: string[] } {
  const pinned: string[] = []
  const planId = randomUUID()
  return {
    planId,
    folder: planId,
    spec,
    inlineFiles: async () => inline,
    base: undefined,
    pinned,
    async pinBase(candidate) {
      if (pinned.length === 0) pinned.push(candidate)
      return pinned[0] ?? candidate
    },
  }
}

export function aTask(taskId: string, access: Partial<TaskAccess> = {}): TaskAccess {
  return { taskId, isolated: true, writes: ['**'], after: [], ...access }
}

/** Never aborts. */
export const running = new AbortController().signal

/** Runs `work` in a task's folder and gives its edits, which must exist. */
export async function editsOf(
  { files }: Place,
  plan: PlanFiles,
  task: TaskAccess,
  work: (folder: string) => Promise<unknown>,
): Promise<OrderedEdits> {
  const opened = await files.open(plan, task, running)
  try {
    await work(opened.workspace.root)
    const { edits, problem } = await opened.collectEdits()
    if (edits === undefined) throw new Error(`no edits: ${problem?.code}`)
    return { taskId: task.taskId, edits, after: task.after.map(({ taskId }) => taskId) }
  } finally {
    await opened.close()
  }
}

/** Every file, link and folder below a folder, by relative path; links are not followed. */
export async function everythingIn(folder: string, below = ''): Promise<string[]> {
  const found: string[] = []
  for (const child of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = join(below, child.name)
    found.push(path)
    if (child.isDirectory()) found.push(...(await everythingIn(folder, path)))
  }
  return found.sort()
}
