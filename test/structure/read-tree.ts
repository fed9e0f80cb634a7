import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { Lang, parse } from '@ast-grep/napi'
import { globSync } from 'tinyglobby'
import { readImports } from '../../src/executors/static/imports/read-imports.ts'

/** One import, type imports too. `to` is a path from the root of the repository, or a package. */
export interface Arrow {
  from: string
  to: string
  isPackage: boolean
}

/** Every import of the TypeScript files below some folders of the repository. */
export function readArrows(root: string, folders: readonly string[]): Arrow[] {
  const paths = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: root },
  )
  return paths.toSorted().flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8')
    const tree = parse(from.endsWith('x') ? Lang.Tsx : Lang.TypeScript, text).root()
    return readImports(tree, text)
      .imports.filter(({ kind }) => kind !== 'mention' && kind !== 'folder')
      .map(({ specifier }) =>
        specifier.startsWith('.')
          ? { from, to: normalize(join(dirname(from), specifier)), isPackage: false }
          : { from, to: specifier, isPackage: true },
      )
  })
}

/** Files that import themselves through others, each circle as the way around it. */
export function circlesOf(arrows: readonly Arrow[]): string[] {
  const imports = Map.groupBy(
    arrows.filter(({ isPackage }) => !isPackage),
    ({ from }) => from,
  )
  const circles: string[] = []
  const done = new Set<string>()
  const walk = (file: string, way: string[]): void => {
    const start = way.indexOf(file)
    if (start !== -1) circles.push([...way.slice(start), file].join(' → '))
    if (start !== -1 || done.has(file)) return
    for (const { to } of imports.get(file) ?? []) walk(to, [...way, file])
    done.add(file)
  }
  for (const file of imports.keys()) walk(file, [])
  return circles
}

/** Folders by their floor, the lowest first. */
export type Floors = readonly (readonly string[])[]

/** Imports between the rooms of a folder that do not lead to a lower floor. */
export function climbing(arrows: readonly Arrow[], folder: string, floors: Floors): string[] {
  const floorOf = new Map(floors.flatMap((rooms, at) => rooms.map((room) => [room, at] as const)))
  return arrows
    .filter((arrow) => !arrow.isPackage && isIn(arrow.from, folder) && isIn(arrow.to, folder))
    .filter(({ from, to }) => {
      const [above, below] = [roomOf(from, folder), roomOf(to, folder)]
      return above !== below && !((floorOf.get(above) ?? -1) > (floorOf.get(below) ?? 1 / 0))
    })
    .map(written)
}

/** Imports out of each folder that its row does not allow. */
export function trespassing(
  arrows: readonly Arrow[],
  root: string,
  allowed: Readonly<Record<string, readonly string[]>>,
): string[] {
  return arrows
    .filter((arrow) => !arrow.isPackage && isIn(arrow.from, root) && isIn(arrow.to, root))
    .filter(({ from, to }) => {
      const [room, other] = [roomOf(from, root), roomOf(to, root)]
      return room !== other && !allowed[room]?.includes(other)
    })
    .map(written)
}

/** Imports of packages (`group`, a pattern of their names) from folders other than `folders`. */
export function outsideOf(arrows: readonly Arrow[], group: RegExp, folders: readonly string[]) {
  return arrows
    .filter(({ from, to, isPackage }) => isPackage && group.test(to) && !isInAny(from, folders))
    .map(written)
}

export function isIn(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`)
}

export function written({ from, to }: Arrow): string {
  return `${from} → ${to}`
}

function isInAny(path: string, folders: readonly string[]): boolean {
  return folders.some((folder) => isIn(path, folder))
}

/** The folder directly below `root` that contains a file; '' for a file of `root` itself. */
function roomOf(path: string, root: string): string {
  const rest = path.slice(root.length + 1)
  return rest.includes('/') ? rest.slice(0, rest.indexOf('/')) : ''
}
