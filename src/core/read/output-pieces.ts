import type { Pieces } from '../contract/api.ts'
import { findingRef } from '../contract/findings.ts'
import type { TaskSpec } from '../contract/task-spec.ts'
import type { TaskState } from '../ports/records.ts'
import { outputTask } from './plan-views.ts'

/** What the members of a stored output are called in an answer; others are left out. */
const NAMES: Record<string, string> = {
  text: 'output',
  data: 'data',
  findings: 'findings',
  edits: 'edits',
  reasoning: 'reasoning',
  stderr: 'stderr',
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPENING_BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

/** In the object of an output: depth 1; in one of its findings: depth 3. */
const IN_OUTPUT = 1
const IN_FINDING = 3

const ENCODER = new TextEncoder()

/**
 * JSON of `OutputTask` from a stored output, which may have many megabytes: what it has in common
 * with the answer is copied piece by piece instead of being parsed and written anew.
 *
 * @param stored JSON of `TaskOutput` as `JSON.stringify` writes it.
 */
export async function* outputPieces(
  { spec, state }: { spec: TaskSpec; state: TaskState },
  stored: Pieces,
): AsyncGenerator<Uint8Array> {
  const { output: _, usage, answeredBy, error, ...head } = outputTask(spec, state, undefined)
  yield ENCODER.encode(JSON.stringify(head).slice(0, -1))
  const members = membersOf(spec.id)
  for await (const piece of stored) yield members.next(piece)
  const tail = { usage, answeredBy, error }
  yield ENCODER.encode(`,${JSON.stringify(tail).slice(1)}`)
}

/** Turns the members of a stored output, given piece by piece, into those of an answer. */
function membersOf(taskId: string): { next(piece: Uint8Array): Uint8Array } {
  let depth = 0
  let inString = false
  let isEscaped = false
  /** The name of a member, as far as it was read; undefined in its value. */
  let name: string | undefined
  let member = ''
  let isCopied = false
  let findings = 0

  return {
    next(piece) {
      const parts: Uint8Array[] = []
      /** Where the bytes start that are still to be copied. */
      let from = 0
      const copyUntil = (end: number) => {
        if (isCopied && end > from) parts.push(piece.subarray(from, end))
        from = end
      }
      for (let at = 0; at < piece.length; at += 1) {
        const byte = piece[at] as number
        if (name !== undefined) {
          // `"text":` and the like: a quote, letters, a quote and a colon.
          name += String.fromCharCode(byte)
          if (!name.endsWith('":')) continue
          member = name.slice(1, -2)
          name = undefined
          const known = Object.hasOwn(NAMES, member) ? NAMES[member] : undefined
          isCopied = known !== undefined
          from = at + 1
          if (isCopied) parts.push(ENCODER.encode(`,"${known}":`))
        } else if (inString) {
          if (isEscaped) isEscaped = false
          else if (byte === BACKSLASH) isEscaped = true
          else if (byte === QUOTE) inString = false
        } else if (byte === QUOTE) {
          inString = true
        } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
          depth += 1
          if (depth === IN_OUTPUT) name = ''
        } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
          if (depth === IN_FINDING && member === 'findings') {
            copyUntil(at)
            parts.push(ENCODER.encode(`,"id":${JSON.stringify(findingRef(taskId, findings))}`))
            findings += 1
          } else if (depth === IN_OUTPUT) {
            copyUntil(at)
            isCopied = false
          }
          depth -= 1
        } else if (byte === COMMA && depth === IN_OUTPUT) {
          copyUntil(at)
          isCopied = false
          name = ''
        }
      }
      copyUntil(piece.length)
      return joined(parts)
    },
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts
  if (parts.length === 1 && only !== undefined) return only
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
