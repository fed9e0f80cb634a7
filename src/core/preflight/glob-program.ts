import type { GlobNode } from './glob-nodes.ts'

/** Counts the work of a match: characters times states. */
export interface Steps {
  count: number
}

/** A glob compiled for a machine that follows all possible matches in parallel (Thompson 1968). */
export type GlobProgram = readonly Instruction[]

type Instruction =
  | { kind: 'character'; character: string }
  | { kind: 'class'; holds: (character: string) => boolean }
  /** Any character but `/`. */
  | { kind: 'one' }
  /** Any character, including `/`. */
  | { kind: 'all' }
  | { kind: 'jump'; to: number }
  | { kind: 'split'; to: number; or: number }
  /** Any part of a name that the program does not match entirely. */
  | { kind: 'not'; program: Instruction[] }
  | { kind: 'match' }

/** Whether the program matches the text, in time proportional to the product of their lengths. */
export function runProgram(program: GlobProgram, text: string, steps: Steps): boolean {
  const run = startRun(program, steps)
  // UTF-16 code units, which globs are also compared by.
  for (let at = 0; at < text.length; at += 1) {
    run.read(text[at] ?? '')
    if (run.isDead()) return false
  }
  return run.matches()
}

export function compileNodes(nodes: readonly GlobNode[]): GlobProgram {
  const program: Instruction[] = []
  emit(program, nodes)
  program.push({ kind: 'match' })
  return program
}

function emit(program: Instruction[], nodes: readonly GlobNode[]): void {
  for (const node of nodes) {
    switch (node.kind) {
      case 'character':
      case 'class':
      case 'one':
        program.push(node)
        break
      case 'any':
        emitLoop(program, () => program.push({ kind: 'one' }))
        break
      case 'folders':
        // `**/`: nothing, or folders followed by a slash.
        emitOptional(program, () => {
          emitLoop(program, () => program.push({ kind: 'all' }))
          program.push({ kind: 'character', character: '/' })
        })
        break
      case 'below':
        // `/**` at the end: the folder itself and everything in it.
        emitOptional(program, () => {
          program.push({ kind: 'character', character: '/' })
          emitLoop(program, () => program.push({ kind: 'all' }))
        })
        break
      case 'everything':
        emitLoop(program, () => program.push({ kind: 'all' }))
        break
      case 'group':
        emitGroup(program, node)
        break
    }
  }
}

function emitGroup(program: Instruction[], node: Extract<GlobNode, { kind: 'group' }>): void {
  const alternatives = () => emitAlternatives(program, node.alternatives)
  if (node.times === 'once') alternatives()
  else if (node.times === 'optional') emitOptional(program, alternatives)
  else if (node.times === 'any') emitLoop(program, alternatives)
  else if (node.times === 'some') {
    const start = program.length
    alternatives()
    program.push({ kind: 'split', to: start, or: program.length + 1 })
  } else {
    const inner: Instruction[] = []
    emitAlternatives(inner, node.alternatives)
    inner.push({ kind: 'match' })
    program.push({ kind: 'not', program: inner })
  }
}

function emitAlternatives(program: Instruction[], alternatives: readonly GlobNode[][]): void {
  const ends: { kind: 'jump'; to: number }[] = []
  for (const [index, nodes] of alternatives.entries()) {
    if (index === alternatives.length - 1) {
      emit(program, nodes)
      break
    }
    const split = { kind: 'split' as const, to: program.length + 1, or: 0 }
    program.push(split)
    emit(program, nodes)
    const end = { kind: 'jump' as const, to: 0 }
    program.push(end)
    ends.push(end)
    split.or = program.length
  }
  for (const end of ends) end.to = program.length
}

function emitOptional(program: Instruction[], body: () => void): void {
  const split = { kind: 'split' as const, to: program.length + 1, or: 0 }
  program.push(split)
  body()
  split.or = program.length
}

function emitLoop(program: Instruction[], body: () => void): void {
  const split = { kind: 'split' as const, to: program.length + 1, or: 0 }
  const start = program.length
  program.push(split)
  body()
  program.push({ kind: 'jump', to: start })
  split.or = program.length
}

/** A program partway through a text. */
interface Run {
  read(character: string): void
  matches(): boolean
  /** Whether nothing that follows can make it match. */
  isDead(): boolean
}

function startRun(program: GlobProgram, steps: Steps): Run {
  let states = new Set<number>()
  /**
   * What has been read since each `!(…)` was entered, by its index; `dead`: it can no longer match.
   */
  let refusals = new Map<number, { runs: Run[]; dead: boolean }>()
  let next = new Set<number>()

  function add(first: number): void {
    const open = [first]
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      if (next.has(state)) continue
      steps.count += 1
      next.add(state)
      const instruction = program[state]
      if (instruction?.kind === 'jump') open.push(instruction.to)
      else if (instruction?.kind === 'split') open.push(instruction.or, instruction.to)
      else if (instruction?.kind === 'not') {
        const run = startRun(instruction.program, steps)
        const known = refusals.get(state) ?? { runs: [], dead: false }
        known.runs.push(run)
        refusals.set(state, known)
        if (!run.matches()) open.push(state + 1)
      }
    }
  }

  function readRefusals(character: string): void {
    const before = refusals
    refusals = new Map()
    if (character === '/') return
    for (const [state, { runs, dead }] of before) {
      for (const run of runs) run.read(character)
      const alive = runs.filter((run) => !run.isDead())
      const isDead = dead || alive.length < runs.length
      refusals.set(state, { runs: alive, dead: isDead })
      if (isDead || alive.some((run) => !run.matches())) add(state + 1)
    }
  }

  add(0)
  states = next
  return {
    read(character) {
      next = new Set()
      readRefusals(character)
      for (const state of states) {
        steps.count += 1
        const instruction = program[state]
        if (instruction !== undefined && takes(instruction, character)) add(state + 1)
      }
      states = next
    },
    matches: () => states.has(program.length - 1),
    isDead: () => states.size === 0 && refusals.size === 0,
  }
}

function takes(instruction: Instruction, character: string): boolean {
  switch (instruction.kind) {
    case 'character':
      return instruction.character === character
    case 'class':
      return character !== '/' && instruction.holds(character)
    case 'one':
      return character !== '/'
    case 'all':
      return true
    default:
      return false
  }
}
