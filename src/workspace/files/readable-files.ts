import type { ReadableFiles } from '../../core/ports/workspaces.ts'
import type { WorkspaceLimits } from '../options.ts'
import { walkFolder } from './folder-walk.ts'
import { FileTooLarge, readEntry } from './safe-read.ts'

/** Nobody quotes from larger files. */
const MAX_BYTES = 2_000_000

/**
 * The files of a folder, for lookups.
 *
 * @param folder its real path
 */
export async function readableFiles(
  folder: string,
  { maxListedFiles }: Pick<WorkspaceLimits, 'maxListedFiles'>,
  signal: AbortSignal,
): Promise<ReadableFiles> {
  const walked = await walkFolder(folder, { maxEntries: maxListedFiles, signal })
  const paths = walked.entries.flatMap(({ path, kind }) => (kind === 'file' ? path : []))
  const known = new Set(paths)
  return {
    paths,
    truncated: walked.truncated || paths.length < walked.entries.length,
    async read(path) {
      signal.throwIfAborted()
      if (!known.has(path)) return undefined
      try {
        const entry = await readEntry(folder, path, MAX_BYTES)
        if (entry === undefined || entry.mode === '120000' || entry.content.includes(0)) {
          return undefined
        }
        return entry.content.toString('utf8')
      } catch (error) {
        if (error instanceof FileTooLarge) return undefined
        throw error
      }
    },
  }
}
