import { writesOf } from '../contract/files-written.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { Executor, ReadLog, Workspace } from '../ports/executor.ts'
import type { TaskInputs } from '../ports/reuse.ts'
import type { FileContents } from '../ports/workspaces.ts'
import type { Hash } from './task-key.ts'

/** A task's folder, as it was before the task ran. */
export interface InputFolder {
  workspace: Workspace
  contents: FileContents
}

export type ReadFiles = Pick<TaskInputs, 'files' | 'looks' | 'all'>

/** More is not stored with a task, which then cannot be reused. */
const MOST_READS = 5_000

export interface WatchedReads {
  log: ReadLog
  /** What was read; `undefined` if it cannot be told. */
  files(): ReadFiles | undefined
}

/**
 * Follows what a task reads. Where its executor does not say, all files that it declared count, or all
 * of the workspace if it declared none.
 */
export async function watchReads(
  hash: Hash,
  folder: InputFolder,
  executor: Executor,
  spec: TaskSpec,
  signal: AbortSignal,
): Promise<WatchedReads> {
  const blobs = new Map<string, string | null>()
  const looks = new Map<string, NonNullable<TaskInputs['looks']>[number]>()
  let isUnseen = false
  const log: ReadLog = {
    async file(path) {
      if (blobs.has(path) || blobs.size > MOST_READS) return
      const [blob] = await folder.contents.blobs([path])
      // The first time counts: later, the task may have changed it.
      if (!blobs.has(path)) blobs.set(path, blob ?? null)
    },
    look(tool, input, result) {
      if (looks.size > MOST_READS) return
      const name = JSON.stringify([tool, input])
      if (!looks.has(name)) looks.set(name, { tool, input, result: hash(result) })
    },
    unseen() {
      isUnseen = true
    },
  }
  const sees = executor.seesReads?.(spec) === true
  const all = sees ? undefined : await allFiles(folder, spec, signal)
  return {
    log,
    files() {
      if (all !== undefined) return { all }
      if (isUnseen || blobs.size > MOST_READS || looks.size > MOST_READS) return undefined
      return {
        ...(blobs.size > 0 ? { files: [...blobs] } : {}),
        ...(looks.size > 0 ? { looks: [...looks.values()] } : {}),
      }
    },
  }
}

async function allFiles(
  { contents }: InputFolder,
  spec: TaskSpec,
  signal: AbortSignal,
): Promise<NonNullable<TaskInputs['all']>> {
  const globs = declared(spec)
  return { globs, hash: await contents.hashOf(globs ?? undefined, signal) }
}

function declared(spec: TaskSpec): string[] | null {
  const { files } = spec
  const read = Array.isArray(files) ? files : (files?.read ?? [])
  const globs = [...read, ...writesOf(spec)]
  return globs.length > 0 ? globs : null
}

/** Whether a folder has the same content, as far as an earlier task has read it. */
export async function hasSameFiles(
  hash: Hash,
  folder: InputFolder | undefined,
  executor: Executor,
  { files = [], looks = [], all }: ReadFiles,
  signal: AbortSignal,
): Promise<boolean> {
  if (folder === undefined) return files.length === 0 && looks.length === 0 && all === undefined
  const { workspace, contents } = folder
  const blobs = await contents.blobs(files.map(([path]) => path))
  if (files.some(([, blob], at) => blob !== (blobs[at] ?? null))) return false
  if (all !== undefined && (await contents.hashOf(all.globs ?? undefined, signal)) !== all.hash) {
    return false
  }
  for (const { tool, input, result } of looks) {
    const now = await executor.look?.(workspace, { tool, input }, signal)
    if (now === undefined || hash(now) !== result) return false
  }
  return true
}
