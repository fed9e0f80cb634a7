import { createHash } from 'node:crypto'
import { open, realpath } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { FileContents } from '../../core/ports/workspaces.ts'
import { scopeTest } from '../../core/preflight/file-scope.ts'
import { isErrno, walkFolder } from './folder-walk.ts'

/** Read piece by piece: files of any size count. */
const PIECE_BYTES = 256 * 1024
/** More files than this are not told apart one by one; a workspace with more is never the same. */
const MOST_FILES = 200_000

/** The contents of a folder's files, as git names them: by the ids of their blobs. */
export function fileContents(folder: string): FileContents {
  return {
    async blobs(paths) {
      const root = await realpath(folder)
      const ids: (string | undefined)[] = []
      for (const path of paths) ids.push(await blobOf(root, path))
      return ids
    },

    async hashOf(globs, signal) {
      const root = await realpath(folder)
      const matches = globs === undefined ? () => true : scopeTest(globs)
      const walked = await walkFolder(root, { maxEntries: MOST_FILES, signal })
      if (walked.truncated) throw new Error(`more than ${MOST_FILES} files`)
      const hash = createHash('sha256')
      for (const { path, kind } of walked.entries) {
        if (!matches(path)) continue
        signal.throwIfAborted()
        const blob = await blobOf(root, path)
        hash.update(JSON.stringify([path, kind, blob ?? null]))
      }
      return hash.digest('base64url')
    },
  }
}

/**
 * The blob id of what reading a path gives, through links as far as they stay in the folder; `undefined`
 * if there is no such file.
 */
async function blobOf(root: string, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(join(root, path))
    if (!real.startsWith(root + sep)) return undefined
    const file = await open(real)
    try {
      const facts = await file.stat()
      if (!facts.isFile()) return undefined
      const hash = createHash('sha1').update(`blob ${facts.size}\0`)
      const piece = Buffer.alloc(Math.min(PIECE_BYTES, Math.max(1, facts.size)))
      for (let at = 0; at < facts.size; ) {
        const { bytesRead } = await file.read(piece, 0, piece.length, at)
        if (bytesRead === 0) break
        hash.update(piece.subarray(0, bytesRead))
        at += bytesRead
      }
      return hash.digest('hex')
    } finally {
      await file.close()
    }
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'EACCES', 'ENAMETOOLONG')) return undefined
    if (isErrno(error, 'ERR_INVALID_ARG_VALUE', 'EISDIR', 'ENXIO')) return undefined
    throw error
  }
}
