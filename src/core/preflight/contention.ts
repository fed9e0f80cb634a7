import { fileScope, isAtOrBelow } from './file-scope.ts'
import type { FileTask } from './file-task.ts'
import { type Glob, globHolds, globsIntersect, parseGlob } from './globs.ts'
import { compileGlob } from './match-glob.ts'

/** Files or globs that the same tasks touch. Tasks are indexes in plan order. */
export interface Contention {
  writers: number[]
  /** Tasks that write the same globs; for files, the writers themselves. */
  rivals: number[]
  /** Tasks that read it but do not write it. */
  readers: number[]
  /** The files, each in only one contention; or the globs that may overlap. */
  names: string[]
  of: 'files' | 'globs'
}

/**
 * How many pairs of globs are compared, and may overlap; beyond this, every writer conflicts with
 * every task.
 */
const MAX_COMPARISONS = 500_000
const MAX_MEETINGS = 20_000
/** Total steps of these comparisons: a pair of long globs takes thousands. */
const MAX_STEPS = 20_000_000

/** Total matches of globs and files; beyond this, the globs themselves are compared. */
const MAX_MATCHES = 5_000_000

/**
 * Total attempts to match a glob with a file; beyond this, likewise. A glob is only tried on files
 * below its fixed folders.
 */
const MAX_TRIES = 10_000_000

/** A glob minus the globs its list excludes, and the tasks that declare it. */
interface Declaration {
  glob: Glob
  unwanted: Glob[]
  tasks: number[]
}

/** Keyed by the glob and its exclusions. */
type Declared = Map<string, Declaration>

/** Where at least one task writes and another one reads or writes. */
export function findContention(
  tasks: readonly FileTask[],
  files: readonly string[] | undefined,
): Contention[] {
  const { reads, writes } = declaredGlobs(tasks)
  if (writes.size === 0) return []
  if (files === undefined) return contendedGlobs(reads, writes, [...writes.keys()])
  const found = contendedFiles(reads, writes, files)
  if (found === undefined) return contendedGlobs(reads, writes, [...writes.keys()])
  // What is written where nothing exists yet can only be compared as it was declared.
  return [...found.contention, ...contendedGlobs(reads, writes, found.unmatched)]
}

function declaredGlobs(tasks: readonly FileTask[]): { reads: Declared; writes: Declared } {
  const reads: Declared = new Map()
  const writes: Declared = new Map()
  const declare = (to: Declared, globs: readonly string[] | undefined, task: number) => {
    const { wanted, unwanted } = fileScope(globs ?? [])
    for (const source of new Set(wanted)) {
      const key = [source, ...unwanted].join('\0')
      const known = to.get(key)
      if (known !== undefined) known.tasks.push(task)
      else {
        to.set(key, { glob: parseGlob(source), unwanted: unwanted.map(parseGlob), tasks: [task] })
      }
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
  files: readonly string[],
): { contention: Contention[]; unmatched: string[] } | undefined {
  const all = [...files].sort()
  const unmatched: string[] = []
  /** Of each file, the places of the globs that match it. */
  const writing = new Map<string, number[]>()
  const reading = new Map<string, number[]>()
  let matches = 0
  const tries = { left: MAX_TRIES }
  for (const [place, [key, declaration]] of [...writes].entries()) {
    const found = matchingFiles(declaration, all, tries)
    if (found.length === 0) unmatched.push(key)
    for (const file of found) append(writing, file, place)
    matches += found.length
    if (matches > MAX_MATCHES || tries.left < 0) return undefined
  }
  const written = [...writing.keys()].sort()
  for (const [place, declaration] of [...reads.values()].entries()) {
    const found = matchingFiles(declaration, written, tries)
    for (const file of found) append(reading, file, place)
    matches += found.length
    if (matches > MAX_MATCHES || tries.left < 0) return undefined
  }
  // Files that the same globs match are grouped: there are far fewer groups than files.
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
    const writers = tasksOf(globs[0].map((place) => writersOf[place]?.tasks ?? []))
    const own = new Set(writers)
    const readers = tasksOf(globs[1].map((place) => readersOf[place]?.tasks ?? [])).filter(
      (task) => !own.has(task),
    )
    return writers.length + readers.length < 2
      ? []
      : [{ writers, rivals: writers, readers, names, of: 'files' }]
  })
  return { contention, unmatched }
}

/** @param files Sorted, so that only those below the glob's fixed folders are tried. */
function matchingFiles(
  { glob, unwanted }: Declaration,
  files: readonly string[],
  tries: { left: number },
): string[] {
  const found = filesOf(glob, files, tries)
  if (found.length === 0 || unwanted.length === 0) return found
  const gone = new Set(unwanted.flatMap((each) => filesOf(each, found, tries)))
  return found.filter((file) => !gone.has(file))
}

function filesOf(glob: Glob, files: readonly string[], tries: { left: number }): string[] {
  const prefix = glob.prefix.join('/')
  const from = firstAtLeast(files, prefix)
  const to = prefix === '' ? files.length : firstAtLeast(files, `${prefix}\uffff`)
  tries.left -= to - from
  if (tries.left < 0) return []
  const below = files.slice(from, to)
  if (glob.path !== undefined) {
    const { path } = glob
    return below.filter((file) => isAtOrBelow(file, path))
  }
  const source = glob.source.endsWith('/') ? `${glob.source}**` : glob.source
  const matches = compileGlob(source)
  return below.filter((file) => isAtOrBelow(file, glob.source) || matches(file))
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

/**
 * Compares each of the written globs with every glob that shares its fixed folders.
 *
 * @param written Keys of `writes`.
 */
function contendedGlobs(
  reads: Declared,
  writes: Declared,
  written: readonly string[],
): Contention[] {
  if (written.length === 0) return []
  const all = new Map([...writes, ...reads])
  const places = new Map([...all.keys()].map((key, index) => [key, index]))
  const tree = folderTree(all)
  const compared = new Set(written)
  const found: Contention[] = []
  let left = MAX_COMPARISONS
  const steps = { left: MAX_STEPS }
  for (const key of written) {
    const one = all.get(key)
    if (one === undefined) continue
    for (const otherKey of near(tree, one.glob)) {
      left -= 1
      if (left < 0 || steps.left < 0 || found.length > MAX_MEETINGS) {
        return [everything(reads, writes, written)]
      }
      const other = all.get(otherKey)
      if (other === undefined || !meet(one, other, steps)) continue
      // A pair of written globs is found from both sides and counted from the first.
      const again = compared.has(otherKey) && (places.get(otherKey) ?? 0) < (places.get(key) ?? 0)
      const writers = writes.get(key)?.tasks ?? []
      const rivals = again ? [] : (writes.get(otherKey)?.tasks ?? [])
      const readers = reads.get(otherKey)?.tasks ?? []
      if (writers.length + rivals.length + readers.length < 2) continue
      const names = [...new Set([one.glob.source, other.glob.source])]
      found.push({ writers, rivals, readers, names, of: 'globs' })
    }
  }
  return found
}

/** Sound: "no" is certain. An exclusion only counts if it covers the whole of the other glob. */
function meet(one: Declaration, other: Declaration, steps: { left: number }): boolean {
  if (!globsIntersect(one.glob, other.glob, steps)) return false
  const isGone = ({ unwanted }: Declaration, { glob }: Declaration) =>
    unwanted.some((each) => globHolds(each, glob))
  return !isGone(one, other) && !isGone(other, one)
}

/** Too many globs to compare: a task that writes one of them conflicts with every task. */
function everything(reads: Declared, writes: Declared, written: readonly string[]): Contention {
  const tasks = (declared: Declared) => tasksOf([...declared.values()].map((each) => each.tasks))
  const own = written.flatMap((key) => writes.get(key) ?? [])
  return {
    writers: tasksOf(own.map((each) => each.tasks)),
    rivals: tasks(writes),
    readers: tasks(reads),
    names: own.slice(0, 20).map(({ glob }) => glob.source),
    of: 'globs',
  }
}

interface Folder {
  keys: string[]
  folders: Map<string, Folder>
}

function folderTree(declared: Declared): Folder {
  const root: Folder = { keys: [], folders: new Map() }
  for (const [key, { glob }] of declared) {
    let folder = root
    for (const part of glob.prefix) {
      const next = folder.folders.get(part) ?? { keys: [], folders: new Map() }
      folder.folders.set(part, next)
      folder = next
    }
    folder.keys.push(key)
  }
  return root
}

/** Keys of globs whose fixed folders contain those of the given one, or are inside them. */
function* near(root: Folder, { prefix }: Glob): Generator<string> {
  let folder: Folder | undefined = root
  for (const part of prefix) {
    yield* folder.keys
    folder = folder.folders.get(part)
    if (folder === undefined) return
  }
  const open = [folder]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield* next.keys
    for (const folderBelow of next.folders.values()) open.push(folderBelow)
  }
}

/** In plan order, without duplicates. */
function tasksOf(lists: readonly (readonly number[])[]): number[] {
  return [...new Set(lists.flat())].sort((a, b) => a - b)
}

function append<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}
