import type { TaskFiles } from '../../../core/contract/task-spec.ts'
import { fileScope, isAtOrBelow } from '../../../core/preflight/file-scope.ts'
import { parseGlob } from '../../../core/preflight/globs.ts'
import { compileGlob } from '../../../core/preflight/match-glob.ts'

/** Folders with generated or third-party content. */
const LEFT_OUT = new Set([
  'node_modules',
  'bower_components',
  'jspm_packages',
  'dist',
  'build',
  'coverage',
  'vendor',
  'vendored',
  'third_party',
  'third-party',
  '.next',
  '.nuxt',
  '.output',
  '.svelte-kit',
  '.turbo',
  '.cache',
  '.yarn',
  '.pnpm-store',
  '.venv',
  '__pycache__',
  // Our own files, if the service was started in the folder that it reviews.
  '.tutti',
])

/** Which files of a workspace a task looks at. */
export interface Selection {
  /** The globs that restrict it; empty if nothing does. */
  globs: string[]
  includes: (file: string) => boolean
  /** Whether the listing descends into a folder. */
  enters: (folder: string) => boolean
}

/** A task's `files` as one list: those it reads and those it writes. */
export function globsOf(files: TaskFiles | undefined): string[] {
  return Array.isArray(files) ? files : [...(files?.read ?? []), ...(files?.write ?? [])]
}

/**
 * Selects what the globs name. A glob that names a folder includes everything below it; one that
 * starts with `!` excludes files. A folder such as `dist` is only entered if a glob names it.
 */
export function selectFiles(given: readonly string[]): Selection {
  const scope = fileScope(given.map((glob) => glob.trim()).filter((glob) => glob !== ''))
  const wanted = scope.wanted.map(withoutSlash)
  const unwanted = scope.unwanted.map(withoutSlash)
  const globs = [...wanted, ...unwanted.map((glob) => `!${glob}`)]
  const isWanted = wanted.length === 0 ? () => true : matcher(wanted)
  const isUnwanted = unwanted.length === 0 ? () => false : matcher(unwanted)
  const named = wanted.map((glob) => parseGlob(glob).prefix.join('/'))
  return {
    globs,
    includes: (file) => isWanted(file) && !isUnwanted(file),
    enters(folder) {
      const name = folder.slice(folder.lastIndexOf('/') + 1)
      if (name.toLowerCase() === '.git') return false
      if (!LEFT_OUT.has(name)) return true
      return named.some((base) => base === folder || base.startsWith(`${folder}/`))
    },
  }
}

function withoutSlash(glob: string): string {
  return glob.replace(/\/$/, '')
}

function matcher(globs: string[]): (file: string) => boolean {
  // As a glob, `src/auth` only matches the folder itself; `src/auth/**` matches everything below
  // it.
  const patterns = globs.flatMap((glob) => (glob.endsWith('**') ? [glob] : [glob, `${glob}/**`]))
  const tests = patterns.map(compileGlob)
  return (file) => globs.some((glob) => isAtOrBelow(file, glob)) || tests.some((test) => test(file))
}
