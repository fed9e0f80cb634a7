import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from 'node:fs'
import { join, relative, sep } from 'node:path'

/** The result of listing a folder. Paths are relative to it, with `/`, sorted. */
export interface Listing {
  files: string[]
  /** Links are listed but never followed. */
  links: string[]
  /** Neither file, folder nor link: pipes, sockets, devices. */
  special: string[]
  /** Folders that were skipped because of what they usually contain. */
  leftOut: string[]
  /** Folders that could not be read. */
  unreadable: string[]
  /** There is more than was listed. */
  truncated: boolean
}

export type ReadResult =
  | { status: 'read'; content: Buffer }
  | { status: 'too-large' | 'unreadable' | 'not-a-file' }

/** A folder whose files can be read without ever leaving it. */
export interface Tree {
  list(enters: (folder: string) => boolean): Listing
  read(path: string, maxBytes: number): ReadResult
}

const MAX_ENTRIES = 200_000

/**
 * Opens a folder for reading. Synchronous, so it needs a process of its own.
 *
 * A path is opened before checking where it leads (`/proc/self/fd`), because a path that is checked
 * first may become a link before it is opened. Files are opened without waiting, so that a pipe in
 * the place of a file blocks nothing.
 */
export function openTree(folder: string): Tree {
  const root = realpathSync(folder)

  /**
   * Runs `use` on an open descriptor of something inside the root; undefined if it does not exist
   * or is not inside.
   */
  function withOpen<Result>(
    path: string,
    flags: number,
    use: (descriptor: number) => Result,
  ): Result | undefined {
    let descriptor: number
    try {
      descriptor = openSync(join(root, path), flags | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch {
      return undefined
    }
    try {
      return isInside(root, locate(descriptor, join(root, path))) ? use(descriptor) : undefined
    } catch {
      return undefined
    } finally {
      closeSync(descriptor)
    }
  }

  return {
    list(enters) {
      const found: Listing = {
        files: [],
        links: [],
        special: [],
        leftOut: [],
        unreadable: [],
        truncated: false,
      }
      let count = 0
      const pending = ['']
      for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
        const folderPath = parent
        const entries = withOpen(folderPath, constants.O_RDONLY | constants.O_DIRECTORY, (opened) =>
          readdirSync(linkOf(opened) ?? join(root, folderPath), { withFileTypes: true }),
        )
        if (entries === undefined) found.unreadable.push(folderPath || '.')
        for (const entry of entries ?? []) {
          count += 1
          if (count > MAX_ENTRIES) return sorted({ ...found, truncated: true })
          const path = folderPath === '' ? entry.name : `${folderPath}/${entry.name}`
          if (entry.isSymbolicLink()) found.links.push(path)
          else if (entry.isFile()) found.files.push(path)
          else if (!entry.isDirectory()) found.special.push(path)
          else if (enters(path)) pending.push(path)
          else found.leftOut.push(path)
        }
      }
      return sorted(found)
    },

    read(path, maxBytes) {
      const result = withOpen<ReadResult>(path, constants.O_RDONLY, (opened) => {
        const stats = fstatSync(opened)
        if (!stats.isFile()) return { status: 'not-a-file' }
        if (stats.size > maxBytes) return { status: 'too-large' }
        const content = readFileSync(opened)
        // It may have grown since.
        return content.length > maxBytes ? { status: 'too-large' } : { status: 'read', content }
      })
      return result ?? { status: 'unreadable' }
    },
  }
}

/** The path behind an open descriptor; without `/proc`, the opened path, resolved. */
function locate(descriptor: number, opened: string): string {
  const link = linkOf(descriptor)
  return link === undefined ? realpathSync(opened) : readlinkSync(link)
}

function linkOf(descriptor: number): string | undefined {
  return process.platform === 'linux' ? `/proc/self/fd/${descriptor}` : undefined
}

function isInside(root: string, path: string): boolean {
  const steps = relative(root, path)
  return steps !== '..' && !steps.startsWith(`..${sep}`)
}

function sorted(listing: Listing): Listing {
  const byPath = (a: string, b: string) => (a < b ? -1 : 1)
  for (const paths of [listing.files, listing.links, listing.special, listing.leftOut]) {
    paths.sort(byPath)
  }
  listing.unreadable.sort(byPath)
  return listing
}
