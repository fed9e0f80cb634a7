import { posix } from 'node:path'
import { type Aliases, type Package, readAliases, readPackage } from './project-config.ts'

/** Finds the files in a workspace that imports refer to. */
export interface Resolver {
  /** The file, or undefined for an external package and for a missing file. */
  resolve(from: string, specifier: string): string | undefined
  /** The file that a string names: relative to the file, its package or the workspace. */
  resolveMention(from: string, path: string): string | undefined
  /** The files in a folder, named relative to the file; empty if there is no such folder. */
  filesIn(from: string, folder: string): string[]
  /** The packages that a file belongs to, innermost first. */
  packagesOf(file: string): Package[]
}

const EXTENSIONS = [
  '.ts',
  '.tsx',
  '.mts',
  '.cts',
  '.js',
  '.jsx',
  '.mjs',
  '.cjs',
  '.json',
  '.vue',
  '.svelte',
]
/** The extension in an import, and what the file may have before compilation. */
const COMPILED_FROM: Record<string, string[]> = {
  '.js': ['.ts', '.tsx', '.jsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
}

export function importResolver(
  files: readonly string[],
  readText: (path: string) => string | undefined,
): Resolver {
  const known = new Set(files)
  const packages = new Map<string, Package>()
  const byName = new Map<string, Package>()
  const configs = new Map<string, string[]>()
  for (const file of files) {
    const folder = folderOf(file)
    const name = posix.basename(file)
    if (name === 'package.json') {
      const found = readPackage(file, readText(file) ?? '')
      if (found) packages.set(folder, found)
      if (found?.name !== undefined) byName.set(found.name, found)
    } else if (/^(?:tsconfig|jsconfig)(?:\.[\w-]+)?\.json$/.test(name)) {
      configs.set(folder, [...(configs.get(folder) ?? []), file])
    }
  }
  const aliases = new Map<string, Aliases>()
  for (const [folder, paths] of configs) {
    const found = readAliases(paths, readText)
    if (found) aliases.set(folder, found)
  }

  function fileAt(path: string): string | undefined {
    const base = posix.normalize(path).replace(/\/$/, '')
    if (base.startsWith('..')) return undefined
    const extension = posix.extname(base)
    const stem = base.slice(0, base.length - extension.length)
    const candidates = [
      base,
      ...(COMPILED_FROM[extension] ?? []).map((other) => stem + other),
      ...EXTENSIONS.map((other) => base + other),
      ...EXTENSIONS.map((other) => posix.join(base, `index${other}`)),
    ]
    return candidates.find((candidate) => known.has(candidate))
  }

  const firstFile = (paths: readonly string[]) => {
    for (const path of paths) {
      const found = fileAt(path)
      if (found !== undefined) return found
    }
    return undefined
  }

  function packagesOf(file: string): Package[] {
    return foldersAbove(file).flatMap((folder) => packages.get(folder) ?? [])
  }

  function resolveAlias(from: string, specifier: string): string | undefined {
    for (const folder of foldersAbove(from)) {
      const found = aliases.get(folder)
      if (!found) continue
      const targets = found.paths.flatMap((alias) => expand(alias, specifier))
      const file = firstFile([
        ...targets,
        ...found.baseUrls.map((base) => posix.join(base, specifier)),
      ])
      if (file !== undefined) return file
    }
    // What most bundlers are configured to do, in files that we do not read.
    const short = /^[@~]\/(.+)$/.exec(specifier)?.[1]
    if (short === undefined) return undefined
    const homes = [...packagesOf(from).map(({ folder }) => folder), '']
    return firstFile(
      homes.flatMap((home) => ['src', '', 'app'].map((part) => posix.join(home, part, short))),
    )
  }

  function resolvePackage(from: string, specifier: string): string | undefined {
    if (specifier.startsWith('#')) {
      const mapped = packagesOf(from)[0]?.imports.flatMap((alias) => expand(alias, specifier))
      return mapped && firstFile(mapped)
    }
    const [, name = '', rest = ''] = /^((?:@[^/]+\/)?[^/]+)(?:\/(.*))?$/.exec(specifier) ?? []
    const found = byName.get(name)
    if (!found) return undefined
    const at = (path: string) => posix.join(found.folder, path)
    return rest === ''
      ? firstFile([at('src/index'), ...found.entries, at('index'), at('src/main'), at('lib/index')])
      : firstFile([at(rest), at(`src/${rest}`), at(`lib/${rest}`)])
  }

  return {
    packagesOf,
    filesIn(from, folder) {
      const path = posix.join(folderOf(from), folder)
      // Not the whole workspace, which `..` or `.` would mean.
      return path.startsWith('.') || path === ''
        ? []
        : files.filter((file) => file.startsWith(`${path}/`))
    },
    resolve(from, specifier) {
      // `./icon.svg?raw`, `./worker.ts?worker`
      const [plain = ''] = specifier.split('?', 1)
      if (/^\.{1,2}(?:\/|$)/.test(plain)) return fileAt(posix.join(folderOf(from), plain))
      if (plain.startsWith('/')) return fileAt(plain.slice(1))
      return resolveAlias(from, plain) ?? resolvePackage(from, plain)
    },
    resolveMention(from, path) {
      const plain = path.replace(/^\/+/, '')
      const homes = [folderOf(from), ...packagesOf(from).map(({ folder }) => folder), '']
      return firstFile(homes.map((home) => posix.join(home, plain)))
    },
  }
}

/** Resolves an alias such as `@/*` for a specifier. */
function expand(alias: { from: string; to: readonly string[] }, specifier: string): string[] {
  const star = alias.from.indexOf('*')
  if (star < 0) return alias.from === specifier ? [...alias.to] : []
  const before = alias.from.slice(0, star)
  const after = alias.from.slice(star + 1)
  if (specifier.length < before.length + after.length) return []
  if (!specifier.startsWith(before) || !specifier.endsWith(after)) return []
  const middle = specifier.slice(before.length, specifier.length - after.length)
  return alias.to.map((target) => target.replace('*', () => middle))
}

function folderOf(path: string): string {
  const folder = posix.dirname(path)
  return folder === '.' ? '' : folder
}

/** The folders that contain a file, innermost first, the workspace itself last. */
function foldersAbove(file: string): string[] {
  const folders: string[] = []
  for (let folder = folderOf(file); folder !== ''; folder = folderOf(folder)) folders.push(folder)
  return [...folders, '']
}
