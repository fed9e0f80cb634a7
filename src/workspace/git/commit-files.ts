import { randomUUID } from 'node:crypto'
import { COMMITTER, type Git } from './git.ts'

/** A file as git stores it, or its removal. */
export type FileChange =
  | { path: string; mode: FileMode; content: Buffer }
  | { path: string; mode: 'removed' }

/** Plain, executable, symbolic link. */
export type FileMode = '100644' | '100755' | '120000'

/** 2000-01-01, for commits that depend only on files: the same files give the same commit. */
export const FIXED_DATE = 946_684_800

/**
 * Commits `changes` on top of `parent`, or as a root, without an index, a checkout, attributes or
 * filters. Removals must come before other changes. Uses the stream format of git-fast-import.
 *
 * @returns the id of the commit
 */
export async function commitFiles(
  git: Git,
  gitDir: string,
  commit: {
    parent: string | undefined
    /** Seconds since 1970. */
    date: number
    changes: Iterable<FileChange> | AsyncIterable<FileChange>
    signal?: AbortSignal | undefined
  },
): Promise<string> {
  const { stdout } = await git(
    // Deltas and strong compression cost more than they save in a folder that only lives for one
    // plan.
    ['-c', 'pack.compression=1', 'fast-import', '--quiet', '--done', '--depth=0'],
    { gitDir, input: importStream(commit), signal: commit.signal },
  )
  return stdout.toString().trim()
}

async function* importStream(commit: {
  parent: string | undefined
  date: number
  changes: Iterable<FileChange> | AsyncIterable<FileChange>
}): AsyncGenerator<Buffer> {
  const person = `${COMMITTER.name} <${COMMITTER.email}> ${commit.date} +0000`
  const head = [
    `commit refs/tutti/files/${randomUUID()}`,
    'mark :1',
    `author ${person}`,
    `committer ${person}`,
    'data 0',
    ...(commit.parent === undefined ? [] : [`from ${commit.parent}`]),
    '',
  ]
  yield Buffer.from(head.join('\n'))
  for await (const change of commit.changes) {
    if (change.mode === 'removed') {
      yield Buffer.from(`D ${quoted(change.path)}\n`)
    } else {
      const { path, mode, content } = change
      yield Buffer.from(`M ${mode} inline ${quoted(path)}\ndata ${content.length}\n`)
      yield content
      yield Buffer.from('\n')
    }
  }
  yield Buffer.from('\nget-mark :1\ndone\n')
}

function quoted(path: string): string {
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  return `"${escaped}"`
}
