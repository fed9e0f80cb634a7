import { readMatchingLines } from './matching-lines.ts'
import { openFile, openFolder } from './open-inside.ts'
import { fitLines } from './output-budget.ts'
import { Refusal } from './refusal.ts'
import { runRipgrep } from './ripgrep.ts'
import { partsOf } from './workspace-path.ts'

const MAX_PATHS = 1_000
/** Matching lines that are shown, in total and per file. */
const MAX_MATCHES = 200
const MAX_MATCHES_OF_FILE = 50
/** Matching lines that are counted. */
const MAX_COUNTED = 100_000
/** Notes about single files. */
const MAX_NOTES = 20
const MAX_PATTERN_CHARS = 1_000
const TOO_SLOW = 'The search took too long and found nothing; search in a smaller folder.'

/**
 * The matches in one file: the number of matches, and the lines to show, each with the byte at
 * which its match begins.
 */
interface FileMatches {
  count: number
  shown: Map<number, number>
}

/**
 * Paths of the matching files, in order. Links are neither followed nor listed: each path is
 * checked again when it is opened, because the search itself could be raced.
 */
export async function findFiles(
  root: string,
  { pattern, path = '.' }: { pattern: string; path?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  const folder = await plainFolder(root, path)
  const found: string[] = []
  const args = ['--files', ...globs(pattern), '--', ...(folder === '' ? [] : [`./${folder}`])]
  const isWhole = await runRipgrep({ cwd: root, args, signal }, (line) => {
    found.push(line.replace(/^\.\//, ''))
    return found.length < MAX_PATHS
  })
  const folders = new Map<string, boolean>()
  const inside: string[] = []
  for (const file of found) {
    const parent = file.split('/').slice(0, -1).join('/')
    const known = folders.get(parent) ?? (await isPlainFolder(root, parent))
    folders.set(parent, known)
    if (known) inside.push(file)
  }
  if (inside.length === 0) return isWhole ? `No file matches ${pattern}.` : TOO_SLOW
  const { text, count } = fitLines(inside)
  if (isWhole && count === inside.length) return text
  return `${text}\n[cut: the first ${count} files; use a narrower pattern]`
}

/**
 * Lines that match a regular expression, as `path:line: text`. The search only yields positions;
 * the lines are read from files that are proven to be inside the workspace.
 */
export async function searchFiles(
  root: string,
  options: {
    pattern: string
    path?: string | undefined
    glob?: string | undefined
    ignoreCase?: boolean | undefined
    context?: number | undefined
  },
  signal: AbortSignal,
): Promise<string> {
  const { pattern, path = '.', glob, ignoreCase = false, context = 0 } = options
  if (pattern.length > MAX_PATTERN_CHARS) throw new Refusal('That pattern is too long.')
  const target = await plainTarget(root, path)
  const files = new Map<string, FileMatches>()
  let counted = 0
  let shown = 0
  const args = [
    '--line-number',
    '--column',
    '--with-filename',
    '--null',
    '--no-heading',
    '--color=never',
    '--max-columns=1',
    ...(ignoreCase ? ['--ignore-case'] : []),
    ...globs(glob),
    `--regexp=${pattern}`,
    '--',
    target === '' ? './' : `./${target}`,
  ]
  const isWhole = await runRipgrep({ cwd: root, args, signal }, (found) => {
    const [name = '', place = ''] = found.split('\0', 2)
    const [line = Number.NaN, column = 1] = place.split(':', 2).map(Number)
    const file = name.replace(/^\.\//, '')
    const matches = files.get(file) ?? { count: 0, shown: new Map() }
    files.set(file, matches)
    // A line without a position is ripgrep's remark about a binary file.
    if (!Number.isInteger(line)) return true
    counted += 1
    matches.count += 1
    if (shown < MAX_MATCHES && matches.shown.size < MAX_MATCHES_OF_FILE) {
      matches.shown.set(line, column - 1)
      shown += 1
    }
    return counted < MAX_COUNTED
  })
  if (files.size === 0) return isWhole ? 'Nothing matches.' : TOO_SLOW
  const { lines, notes } = await linesIn(root, files, context)
  const { text, count } = fitLines(lines)
  const all = `${isWhole ? '' : 'more than '}${counted}`
  if (!isWhole || shown < counted || count < lines.length) {
    notes.push(`[cut: ${all} lines match; search for something narrower to see the others]`)
  }
  const cut = notes.splice(MAX_NOTES)
  if (cut.length > 0) notes.push(`[and ${cut.length} more files with lines that are not shown]`)
  return [text, ...notes].filter((part) => part !== '').join('\n') || 'Nothing matches.'
}

/** The user's glob comes first: in ripgrep, the last matching glob wins. */
function globs(pattern: string | undefined): string[] {
  if (pattern !== undefined && pattern.length > MAX_PATTERN_CHARS) {
    throw new Refusal('That pattern is too long.')
  }
  if (pattern?.startsWith('/') || pattern?.split('/').includes('..')) {
    throw new Refusal('A pattern is relative to the workspace, and does not contain "..".')
  }
  const own = pattern === undefined || pattern === '' ? [] : [`--glob=${pattern}`]
  const wantsModules = pattern?.includes('node_modules') ?? false
  return [...own, '--iglob=!**/.git', ...(wantsModules ? [] : ['--glob=!**/node_modules'])]
}

/** The lines to show, and a note for each file of which something is left out. */
async function linesIn(
  root: string,
  files: ReadonlyMap<string, FileMatches>,
  context: number,
): Promise<{ lines: string[]; notes: string[] }> {
  const found: string[] = []
  const notes: string[] = []
  for (const [path, { count, shown }] of files) {
    const wanted = withContext(shown, context)
    const lines = wanted.size === 0 ? new Map() : await readMatchingLines(root, path, wanted)
    if (lines === undefined || count === 0) {
      if (!(await isPlainFile(root, path))) continue
      notes.push(`[${path} matches, but is not text, or is too large to be shown]`)
      continue
    }
    let before = 0
    for (const [number, line] of lines) {
      if (context > 0 && found.length > 0 && number > before + 1) found.push('--')
      found.push(`${path}:${number}: ${line}`)
      before = number
    }
    if (shown.size < count) {
      notes.push(
        `[${path}: ${shown.size === 0 ? 'none' : `the first ${shown.size}`} of ${count} matching lines]`,
      )
    }
  }
  return { lines: found, notes }
}

/** The matching lines and their context, in order. */
function withContext(matches: ReadonlyMap<number, number>, context: number): Map<number, number> {
  const wanted = new Map<number, number>()
  for (const match of matches.keys()) {
    for (let line = Math.max(1, match - context); line <= match + context; line += 1) {
      wanted.set(line, matches.get(line) ?? 0)
    }
  }
  return wanted
}

/** The real path of a folder, relative to the workspace. @throws {Refusal} */
async function plainFolder(root: string, path: string): Promise<string> {
  const { handle, parts } = await openFolder(root, path)
  await handle.close()
  return parts.join('/')
}

/** The same for a folder or a file. @throws {Refusal} */
async function plainTarget(root: string, path: string): Promise<string> {
  const isFolder = await plainFolder(root, path).catch(() => undefined)
  return isFolder ?? plainFile(root, path)
}

async function plainFile(root: string, path: string): Promise<string> {
  const { handle, parts } = await openFile(root, path)
  await handle.close()
  return parts.join('/')
}

/**
 * Whether a file is really at that path: targets of links are found under their own names, if at
 * all.
 */
async function isPlainFile(root: string, path: string): Promise<boolean> {
  return (await plainFile(root, path).catch(() => undefined)) === path
}

async function isPlainFolder(root: string, path: string): Promise<boolean> {
  const real = await plainFolder(root, path).catch(() => undefined)
  return real === partsOf(path).join('/')
}
