import { parseGlob } from './globs.ts'
import { compileGlob } from './match-glob.ts'

/** What one list of globs names: everything that `wanted` matches, except what `unwanted` does. */
export interface FileScope {
  wanted: string[]
  unwanted: string[]
}

/**
 * A list of globs, read the same way wherever one is used. A glob that begins with `!` takes files
 * away, wherever it stands in the list; a list of nothing else takes them away from all files.
 */
export function fileScope(globs: readonly string[]): FileScope {
  const unwanted = globs.filter(isNegation).map((glob) => plainGlob(glob.slice(1)))
  const wanted = globs.filter((glob) => !isNegation(glob)).map(plainGlob)
  return { wanted: wanted.length === 0 && unwanted.length > 0 ? ['**'] : wanted, unwanted }
}

/** `!(a|b)` is a part of a name, and takes nothing away. */
function isNegation(glob: string): boolean {
  return glob.startsWith('!') && !glob.startsWith('!(')
}

/** The glob without what changes nothing: `./src//a/./b` is `src/a/b`, and `.` is `**`. */
export function plainGlob(glob: string): string {
  const parts = glob.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.length === 0) return '**'
  return `${parts.join('/')}${/\/\.?$/.test(glob) ? '/' : ''}`
}

/** Says whether a list of globs names a path. A folder stands for all that is in it. */
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

/** Names such as `app/[id]/page.ts` look like globs, and still mean themselves. */
export function isAtOrBelow(path: string, place: string): boolean {
  return path === place || path.startsWith(place.endsWith('/') ? place : `${place}/`)
}
