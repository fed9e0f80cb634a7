import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { HAS_PROC, openFolder } from './open-inside.ts'
import { cutLine, fitLines } from './output-budget.ts'
import { linesOf, readTextFile } from './text-file.ts'
import { isGit, shown } from './workspace-path.ts'

const MAX_LINES = 2_000
const MAX_ENTRIES = 1_000

/** Numbered lines of a file from `offset`, as many as were requested and fit. */
export async function readLines(
  root: string,
  {
    path,
    offset = 1,
    limit = MAX_LINES,
  }: { path: string; offset?: number | undefined; limit?: number | undefined },
): Promise<string> {
  const { text, isValid } = await readTextFile(root, path)
  const lines = linesOf(text)
  if (lines.length === 0) return `${path} is empty.`
  if (offset > lines.length) return `${path} has ${lines.length} lines.`
  const wanted = lines
    .slice(offset - 1, offset - 1 + Math.min(limit, MAX_LINES))
    .map((line, index) => `${offset + index}\t${cutLine(line)}`)
  const fitted = fitLines(wanted)
  const last = offset - 1 + fitted.count
  const note = isValid
    ? ''
    : '\n[not valid UTF-8: U+FFFD stands for what cannot be shown, and the file cannot be edited]'
  if (last >= lines.length) return `${fitted.text}${note}`
  return `${fitted.text}${note}\n[lines ${offset} to ${last} of ${lines.length}; go on with offset ${last + 1}]`
}

/** The entries of a folder. Names of folders end in `/`, those of links in `@`. */
export async function listFolder(
  root: string,
  { path = '.' }: { path?: string | undefined },
): Promise<string> {
  const { handle, parts } = await openFolder(root, path)
  try {
    // Through the descriptor, because the path may lead elsewhere by now.
    const folder = HAS_PROC ? `/proc/self/fd/${handle.fd}` : join(root, ...parts)
    const entries = (await readdir(folder, { withFileTypes: true }))
      .filter((entry) => !isGit(entry.name))
      .map((entry) => {
        if (entry.isDirectory()) return `${entry.name}/`
        if (entry.isSymbolicLink()) return `${entry.name}@`
        return entry.name
      })
      .sort()
    if (entries.length === 0) return `${shown(parts)} is empty.`
    const { text, count } = fitLines(entries.slice(0, MAX_ENTRIES))
    if (count === entries.length) return text
    return `${text}\n[cut: the first ${count} of ${entries.length} entries]`
  } finally {
    await handle.close()
  }
}
