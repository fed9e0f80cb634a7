import type { TextLog, TextPiece } from '../core/ports/event-log.ts'
import { storedEvent } from './events.ts'
import { type KeySpace, planKey, shardKey, shardOf } from './keys.ts'
import { fieldsOf } from './records.ts'
import { shared } from './redis/gather.ts'
import { whileAvailable } from './redis/while-available.ts'
import type { RunScript } from './scripts.ts'

/** How long a task's pieces are collected, so that not every token is a call. */
const JOINED_MS = 200

/** Bytes per plan; when they are reached, half is dropped. */
const KEPT_BYTES = 8 * 1024 * 1024

/** Counted from the last piece of a plan. */
const KEPT_MS = 3_600_000

/** Characters per attempt. */
const LONGEST_TEXT = 1_000_000

/** How much of a task's text waits while the store is down; the beginning is dropped first. */
const LONGEST_WAITING = 256 * 1024

type Piece = Omit<TextPiece, 'id'>
type Entry = [id: string, fields: string[]]

/** Keeps the text of running tasks in a stream next to the plan's events. */
export function redisTextLog(options: { run: RunScript; space: KeySpace }): TextLog {
  const { run, space } = options
  /** Characters of each task's running attempt, by plan and task. */
  const lengths = new Map<string, { attempt: number; length: number; half: string }>()
  /** Text to be written, by plan and task. */
  const waiting = new Map<string, Map<string, Piece>>()
  let timer: NodeJS.Timeout | undefined
  let writing = 0

  async function write(planId: string): Promise<void> {
    const pieces = [...(waiting.get(planId)?.values() ?? [])]
    waiting.delete(planId)
    if (pieces.length === 0) return
    writing += 1
    try {
      await run(
        'append-text',
        planKey(space, planId),
        shardKey(space, shardOf(planId)),
        KEPT_BYTES,
        KEPT_MS,
        ...pieces.flatMap(({ taskId, attempt, offset, text }) => [taskId, attempt, offset, text]),
      )
    } catch {
      // Only live readers need it, so it is not worth failing a task. The next piece's offset shows
      // the gap.
    } finally {
      writing -= 1
    }
  }

  function writeLater(): void {
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      // While the store is down, pieces are joined instead of piling up as calls.
      if (writing > 0) return writeLater()
      for (const planId of [...waiting.keys()]) void write(planId)
    }, JOINED_MS)
  }

  // Called several times a second for each live reader, most of them at the same position.
  const read = shared((call: { planId: string; event: string; text: string; count: number }) =>
    whileAvailable(async () => {
      const [events, texts] = (await run(
        'read-texts',
        planKey(space, call.planId),
        shardKey(space, shardOf(call.planId)),
        call.event,
        call.text,
        call.count,
      )) as [Entry[], Entry[]]
      return {
        events: events.map(([id, fields]) => storedEvent(id, fieldsOf(fields))),
        texts: texts.map(([id, fields]) => textPiece(id, fieldsOf(fields))),
      }
    }),
  )

  return {
    append(planId, taskId, attempt, piece) {
      const name = `${planId} ${taskId}`
      const known = lengths.get(name)
      const { length: offset, half } = known?.attempt === attempt ? known : { length: 0, half: '' }
      if (offset >= LONGEST_TEXT) return
      // A character split between two pieces is written with the second.
      const whole = half + piece
      const end = /[\ud800-\udbff]$/.test(whole) ? whole.length - 1 : whole.length
      const text = whole.slice(0, end)
      lengths.set(name, { attempt, length: offset + text.length, half: whole.slice(end) })
      if (text === '') return
      const ofPlan = waiting.get(planId) ?? new Map<string, Piece>()
      waiting.set(planId, ofPlan)
      const before = ofPlan.get(taskId)
      ofPlan.set(
        taskId,
        before?.attempt === attempt
          ? shortened({ ...before, text: before.text + text })
          : { taskId, attempt, offset, text },
      )
      writeLater()
    },
    async end(planId, taskId) {
      lengths.delete(`${planId} ${taskId}`)
      if (waiting.get(planId)?.has(taskId) === true) await write(planId)
    },
    read: (planId, { event, text }, count) => read({ planId, event, text, count }),
  }
}

function shortened(piece: Piece): Piece {
  let excess = piece.text.length - LONGEST_WAITING
  if (excess <= 0) return piece
  if (/^[\udc00-\udfff]/.test(piece.text.slice(excess, excess + 1))) excess += 1
  return { ...piece, offset: piece.offset + excess, text: piece.text.slice(excess) }
}

function textPiece(id: string, fields: Record<string, string>): TextPiece {
  const { task = '', attempt = '0', offset = '0', text = '' } = fields
  return { id, taskId: task, attempt: Number(attempt), offset: Number(offset), text }
}
