import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface WalkedEntry {
  /** Relative to the folder, with `/`. */
  path: string
  kind: 'file' | 'link'
}

export interface WalkOptions {
  /** Stops after this many entries. */
  maxEntries: number
  /** Includes a `node_modules` folder, by its relative path. */
  keepNodeModules?: (path: string) => boolean
  /** Throws for an unreadable folder instead of treating it as empty. */
  refuseUnreadable?: boolean
  signal?: AbortSignal
}

/**
 * The files and links below a folder, sorted by path. Links are listed but never followed. Left out
 * are git's own folders (`.git` in any case), `node_modules`, and names that are not UTF-8, because
 * JSON cannot represent them. Pipes, sockets and devices are in `others`.
 */
export async function walkFolder(
  folder: string,
  options: WalkOptions,
): Promise<{ entries: WalkedEntry[]; others: string[]; truncated: boolean }> {
  const others: string[] = []
  const entries: WalkedEntry[] = []
  const pending = ['']
  let truncated = false
  for (let parent = pending.pop(); parent !== undefined && !truncated; parent = pending.pop()) {
    options.signal?.throwIfAborted()
    for (const found of await childrenOf(join(folder, parent), options)) {
      const path = parent === '' ? found.name : `${parent}/${found.name}`
      if (found.name.toLowerCase() === '.git' || found.name.includes('\u{fffd}')) continue
      if (found.isDirectory()) {
        const skipped = found.name === 'node_modules' && options.keepNodeModules?.(path) !== true
        if (!skipped) pending.push(path)
      } else if (found.isFile() || found.isSymbolicLink()) {
        if (entries.length === options.maxEntries) {
          truncated = true
          break
        }
        entries.push({ path, kind: found.isFile() ? 'file' : 'link' })
      } else others.push(path)
    }
  }
  entries.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { entries, others, truncated }
}

async function childrenOf(folder: string, options: WalkOptions): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    // It was deleted during the walk.
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return []
    if (isErrno(error, 'EACCES') && options.refuseUnreadable !== true) return []
    throw error
  }
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
