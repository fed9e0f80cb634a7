import { posix } from 'node:path'
import { z } from 'zod'

// What a project's configuration says about its imports. It is read as data as far as it has the
// expected form; none of it is executed.

const Strings = z.record(z.string(), z.unknown()).catch({})
const PackageJson = z.object({
  name: z.string().optional().catch(undefined),
  main: z.string().optional().catch(undefined),
  module: z.string().optional().catch(undefined),
  source: z.string().optional().catch(undefined),
  exports: z.unknown().optional(),
  imports: Strings.optional().catch(undefined),
  dependencies: Strings.optional(),
  devDependencies: Strings.optional(),
  peerDependencies: Strings.optional(),
  optionalDependencies: Strings.optional(),
})

const Tsconfig = z.object({
  extends: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .catch(undefined),
  compilerOptions: z
    .object({
      baseUrl: z.string().optional().catch(undefined),
      paths: z.record(z.string(), z.array(z.string())).optional().catch(undefined),
    })
    .optional()
    .catch(undefined),
})

export interface Package {
  /** Relative to the workspace; empty for the workspace itself. */
  folder: string
  name: string | undefined
  /** Files that importers may get, relative to the workspace. */
  entries: string[]
  /** `imports` of package.json: `#name` to paths relative to the workspace. */
  imports: { from: string; to: string[] }[]
  declared: Set<string>
}

/** `paths` and `baseUrl` of the TypeScript configurations in one folder. */
export interface Aliases {
  folder: string
  baseUrls: string[]
  paths: { from: string; to: string[] }[]
}

export function readPackage(path: string, text: string): Package | undefined {
  const parsed = PackageJson.safeParse(parseJson(text))
  if (!parsed.success) return undefined
  const folder = folderOf(path)
  const json = parsed.data
  const inFolder = (target: string) => posix.join(folder, target)
  return {
    folder,
    name: json.name,
    entries: [json.source, json.module, json.main, ...stringsIn(json.exports)]
      .filter((entry) => entry !== undefined)
      .map(inFolder),
    imports: Object.entries(json.imports ?? {}).map(([from, to]) => ({
      from,
      to: stringsIn(to).map(inFolder),
    })),
    declared: new Set(
      [
        json.dependencies,
        json.devDependencies,
        json.peerDependencies,
        json.optionalDependencies,
      ].flatMap((group) => Object.keys(group ?? {})),
    ),
  }
}

/** `readText` returns the text of a file in the workspace, or undefined. */
export function readAliases(
  paths: readonly string[],
  readText: (path: string) => string | undefined,
): Aliases | undefined {
  const first = paths[0]
  if (first === undefined) return undefined
  const aliases: Aliases = { folder: folderOf(first), baseUrls: [], paths: [] }
  for (const path of paths) addAliases(path, aliases, readText, new Set())
  return aliases
}

function addAliases(
  path: string,
  aliases: Aliases,
  readText: (path: string) => string | undefined,
  seen: Set<string>,
): void {
  if (seen.has(path) || seen.size > 10) return
  seen.add(path)
  const text = readText(path)
  const parsed = Tsconfig.safeParse(text === undefined ? undefined : parseJson(text))
  if (!parsed.success) return
  const { compilerOptions, extends: extended } = parsed.data
  const folder = folderOf(path)
  const base = posix.join(folder, compilerOptions?.baseUrl ?? '.')
  if (compilerOptions?.baseUrl !== undefined) aliases.baseUrls.push(base === '.' ? '' : base)
  for (const [from, to] of Object.entries(compilerOptions?.paths ?? {})) {
    aliases.paths.push({ from, to: to.map((target) => posix.join(base, target)) })
  }
  for (const target of [extended ?? []].flat()) {
    if (!target.startsWith('.')) continue
    const other = posix.join(folder, target)
    addAliases(other.endsWith('.json') ? other : `${other}.json`, aliases, readText, seen)
  }
}

/** Every string in a value: the targets of `exports` and `imports` under any condition. */
function stringsIn(value: unknown, depth = 6): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object' || depth === 0) return []
  return Object.values(value).flatMap((item) => stringsIn(item, depth - 1))
}

/** JSON with comments and trailing commas, as in TypeScript's configurations. */
function parseJson(text: string): unknown {
  const plain = text
    .replace(/^\ufeff/, '')
    .replace(
      /("(?:[^"\\]|\\.)*")|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
      (_, string?: string) => string ?? '',
    )
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/g, (_, string?: string) => string ?? '')
  try {
    return JSON.parse(plain)
  } catch {
    return undefined
  }
}

function folderOf(path: string): string {
  const folder = posix.dirname(path)
  return folder === '.' ? '' : folder
}
