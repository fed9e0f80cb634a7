import { type Glob, globsIntersect, parseGlob } from './globs.ts'
import type { FileTask, Match } from './overlaps.ts'

/** Files or globs that the same tasks touch. Tasks are indexes in plan order. */
export interface Contention {
  writers: number[]
  /** Tasks that write the same; for files, the writers themselves. */
  rivals: number[]
  /** Tasks that read it and do not write it. */
  readers: number[]
  /** The files, in no other contention; or the globs that may meet. */
  names: string[]
  of: 'files' | 'globs'
}

/** Pairs of globs that are compared, and that may meet; beyond, all who write are in everybody's way. */
const MAX_COMPARISONS = 500_000
const MAX_MEETINGS = 20_000
/** Files counted once for each glob that matches them; beyond, the globs themselves are compared. */
const MAX_MATCHES = 5_000_000

/** Who declares which glob. */
type Declared = Map<string, number[]>

/** Where at least one task writes and another one reads or writes. */
export function findContention(
  tasks: readonly FileTask[],
  match: Match,
  files: readonly string[] | undefined,
): Contention[] {
  const { reads, writes } = declaredGlobs(tasks)
  if (writes.size === 0) return []
  if (files === undefined) return contendedGlobs(reads, writes, [...writes.keys()])
  const found = contendedFiles(reads, writes, match, files)
  if (found === undefined) return contendedGlobs(reads, writes, [...writes.keys()])
  // What is written where nothing exists yet can only be compared as it was declared.
  return [...found.contention, ...contendedGlobs(reads, writes, found.unmatched)]
}

function declaredGlobs(tasks: readonly FileTask[]): { reads: Declared; writes: Declared } {
  const reads: Declared = new Map()
  const writes: Declared = new Map()
  const declare = (to: Declared, globs: readonly string[] | undefined, task: number) => {
    for (const glob of new Set(globs)) {
      const list = to.get(glob)
      if (list === undefined) to.set(glob, [task])
      else list.push(task)
    }
  }
  for (const [task, { files }] of tasks.entries()) {
    if (files === undefined) continue
    declare(reads, Array.isArray(files) ? files : files.read, task)
    declare(writes, Array.isArray(files) ? undefined : files.write, task)
  }
  return { reads, writes }
}

function contendedFiles(
  reads: Declared,
  writes: Declared,
  match: Match,
  files: readonly string[],
): { contention: Contention[]; unmatched: string[] } | undefined {
  const all = [...files].sort()
  const unmatched: string[] = []
  /** Of each file, the places of the globs that match it. */
  const writing = new Map<string, number[]>()
  const reading = new Map<string, number[]>()
  let matches = 0
  for (const [place, glob] of [...writes.keys()].entries()) {
    const found = matchingFiles(parseGlob(glob), match, all)
    if (found.length === 0) unmatched.push(glob)
    for (const file of found) append(writing, file, place)
    matches += found.length
    if (matches > MAX_MATCHES) return undefined
  }
  const written = [...writing.keys()].sort()
  for (const [place, glob] of [...reads.keys()].entries()) {
    const found = matchingFiles(parseGlob(glob), match, written)
    for (const file of found) append(reading, file, place)
    matches += found.length
    if (matches > MAX_MATCHES) return undefined
  }
  // Files that the same globs match are one matter: there are far fewer of those than files.
  const groups = new Map<string, { globs: [number[], number[]]; names: string[] }>()
  for (const file of written) {
    const globs: [number[], number[]] = [writing.get(file) ?? [], reading.get(file) ?? []]
    const key = `${globs[0].join()}|${globs[1].join()}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { globs, names: [file] })
    else group.names.push(file)
  }
  const [writersOf, readersOf] = [[...writes.values()], [...reads.values()]]
  const contention = [...groups.values()].flatMap(({ globs, names }): Contention[] => {
    const writers = tasksOf(globs[0].map((place) => writersOf[place] ?? []))
    const own = new Set(writers)
    const readers = tasksOf(globs[1].map((place) => readersOf[place] ?? [])).filter(
      (task) => !own.has(task),
    )
    return writers.length + readers.length < 2
      ? []
      : [{ writers, rivals: writers, readers, names, of: 'files' }]
  })
  return { contention, unmatched }
}

/** @param files Sorted, so that only those below the glob's fixed folders are looked at. */
function matchingFiles(glob: Glob, match: Match, files: readonly string[]): string[] {
  const prefix = glob.prefix.join('/')
  const from = firstAtLeast(files, prefix)
  const to = prefix === '' ? files.length : firstAtLeast(files, `${prefix}\uffff`)
  const below = files.slice(from, to)
  if (glob.path !== undefined) {
    const { path } = glob
    return below.filter((file) => file === path || file.startsWith(`${path}/`))
  }
  const source = glob.source.endsWith('/') ? `${glob.source}**` : glob.source
  const matches = compile(match, source.replace(/^(?:\.\/)+/, ''))
  return below.filter((file) => matches(file))
}

function compile(match: Match, source: string): (path: string) => boolean {
  try {
    return match(source)
  } catch {
    // A glob that cannot be read may mean any file.
    return () => true
  }
}

function firstAtLeast(sorted: readonly string[], text: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < text) low = middle + 1
    else high = middle
  }
  return low
}

/** Compares each of the written globs with every glob that shares its fixed folders. */
function contendedGlobs(
  reads: Declared,
  writes: Declared,
  written: readonly string[],
): Contention[] {
  if (written.length === 0) return []
  const sources = [...new Set([...writes.keys(), ...reads.keys()])]
  const globs = new Map(sources.map((source) => [source, parseGlob(source)]))
  const places = new Map(sources.map((source, index) => [source, index]))
  const tree = folderTree([...globs.values()])
  const compared = new Set(written)
  const found: Contention[] = []
  let left = MAX_COMPARISONS
  for (const source of written) {
    const glob = globs.get(source)
    if (glob === undefined) continue
    for (const other of near(tree, glob)) {
      left -= 1
      if (left < 0 || found.length > MAX_MEETINGS) return [everything(reads, writes, written)]
      if (!globsIntersect(glob, other)) continue
      // A pair of two written globs is met from both sides; it counts from the first.
      const again =
        compared.has(other.source) && (places.get(other.source) ?? 0) < (places.get(source) ?? 0)
      const writers = writes.get(source) ?? []
      const rivals = again ? [] : (writes.get(other.source) ?? [])
      const readers = reads.get(other.source) ?? []
      if (writers.length + rivals.length + readers.length < 2) continue
      const names = source === other.source ? [source] : [source, other.source]
      found.push({ writers, rivals, readers, names, of: 'globs' })
    }
  }
  return found
}

/** Too many globs to compare: whoever writes one of them is in everybody's way. */
function everything(reads: Declared, writes: Declared, written: readonly string[]): Contention {
  return {
    writers: tasksOf(written.map((source) => writes.get(source) ?? [])),
    rivals: tasksOf([...writes.values()]),
    readers: tasksOf([...reads.values()]),
    names: written.slice(0, 20),
    of: 'globs',
  }
}

interface Folder {
  globs: Glob[]
  folders: Map<string, Folder>
}

function folderTree(globs: readonly Glob[]): Folder {
  const root: Folder = { globs: [], folders: new Map() }
  for (const glob of globs) {
    let folder = root
    for (const part of glob.prefix) {
      const next = folder.folders.get(part) ?? { globs: [], folders: new Map() }
      folder.folders.set(part, next)
      folder = next
    }
    folder.globs.push(glob)
  }
  return root
}

/** Globs whose fixed folders contain, or lie in, those of the given one. */
function* near(root: Folder, { prefix }: Glob): Generator<Glob> {
  let folder: Folder | undefined = root
  for (const part of prefix) {
    yield* folder.globs
    folder = folder.folders.get(part)
    if (folder === undefined) return
  }
  const open = [folder]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield* next.globs
    open.push(...next.folders.values())
  }
}

/** In plan order, each once. */
function tasksOf(lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b)
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
