import { parseGlob } from './globs.ts'
import { compileGlob } from './match-glob.ts'

/**
 * The files a list of globs stands for: everything that `wanted` matches, except what `unwanted`
 * does.
 */
export interface FileScope {
  wanted: string[]
  unwanted: string[]
}

/**
 * Reads a list of globs the same way everywhere. A glob that starts with `!` excludes files,
 * wherever it is in the list; a list of nothing but exclusions excludes them from all files.
 */
export function fileScope(globs: readonly string[]): FileScope {
  const unwanted = globs.filter(isNegation).map((glob) => plainGlob(glob.slice(1)))
  const wanted = globs.filter((glob) => !isNegation(glob)).map(plainGlob)
  return { wanted: wanted.length === 0 && unwanted.length > 0 ? ['**'] : wanted, unwanted }
}

/** `!(a|b)` is part of a name and excludes nothing. */
function isNegation(glob: string): boolean {
  return glob.startsWith('!') && !glob.startsWith('!(')
}

/** The glob without redundant parts: `./src//a/./b` becomes `src/a/b`, and `.` becomes `**`. */
export function plainGlob(glob: string): string {
  const parts = glob.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return '**'
  return `${parts.join('/')}${/\/\.?$/.test(glob) ? '/' : ''}`
}

/** Tests whether a list of globs covers a path. A folder stands for everything in it. */
export function scopeTest(globs: readonly string[]): (path: string) => boolean {
  const { wanted, unwanted } = fileScope(globs)
  const [wants, refuses] = [wanted, unwanted].map((list) => list.map(globTest))
  return (path) =>
    wants?.some((test) => test(path)) === true && !refuses?.some((test) => test(path))
}

function globTest(glob: string): (path: string) => boolean {
  const { path: place } = parseGlob(glob)
  if (place !== undefined) return (path) => isAtOrBelow(path, place)
  const matches = compileGlob(glob.endsWith('/') ? `${glob}**` : glob)
  return (path) => isAtOrBelow(path, glob) || matches(path)
}

/** Names such as `app/[id]/page.ts` look like globs but also stand for themselves. */
export function isAtOrBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`)
}
