// Models write `\n` and are shown lines without their endings. Whatever they did not mean to
// change, including line endings and a byte order mark, stays as it is in the file.

const BYTE_ORDER_MARK = '\uFEFF'

/**
 * Replaces all occurrences of a piece of text, whatever the line endings there. New lines get the
 * endings of those they replace.
 *
 * @returns The number of occurrences, and the new text.
 */
export function replacePiece(text: string, oldText: string, newText: string) {
  if (oldText.includes('\r') && text.includes(oldText)) {
    // Explicit line endings are meant literally.
    const pieces = text.split(oldText)
    return { count: pieces.length - 1, text: pieces.join(newText) }
  }
  const pattern = oldText.split(/\r?\n/).map(literally).join('(?:\\r?\\n)')
  let count = 0
  const replaced = text.replace(new RegExp(pattern, 'g'), (piece, at: number) => {
    count += 1
    return withEnds(newText, endsOf(piece), endAround(text, at, piece))
  })
  return { count, text: replaced }
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/**
 * The new content of a whole file. Lines before the first change and after the last one keep their
 * endings; those in between get the most common ending of the file.
 */
export function replaceContent(before: string, content: string): string {
  const mark = before.startsWith(BYTE_ORDER_MARK) && !content.startsWith(BYTE_ORDER_MARK)
  const marked = mark ? BYTE_ORDER_MARK + content : content
  if (!before.includes('\r\n') || content.includes('\r')) return marked
  const old = linesWithEnds(before)
  const lines = linesWithEnds(marked)
  const most = Math.min(old.length, lines.length)
  let head = 0
  while (head < most && isSameLine(old.at(head), lines.at(head))) head += 1
  let tail = 0
  while (tail < most - head && isSameLine(old.at(-1 - tail), lines.at(-1 - tail))) tail += 1
  const usual = usualEnd(before)
  const middle = lines.slice(head, lines.length - tail)
  return [
    ...old.slice(0, head),
    ...middle.map((line) => line.replace(/\n$/, usual)),
    ...old.slice(old.length - tail),
  ].join('')
}

function isSameLine(a: string | undefined, b: string | undefined): boolean {
  return a?.replace(/\r?\n$/, '\n') === b?.replace(/\r?\n$/, '\n')
}

function linesWithEnds(text: string): string[] {
  return text.split(/(?<=\n)/)
}

function endsOf(text: string): string[] {
  return text.match(/\r?\n/g) ?? []
}

function usualEnd(text: string): string {
  const ends = endsOf(text)
  return 2 * ends.filter((end) => end === '\r\n').length >= ends.length ? '\r\n' : '\n'
}

/**
 * The ending of the line that contains the piece, or of the line before; `undefined` for a single
 * line.
 */
function endAround(text: string, at: number, piece: string): string | undefined {
  const after = text.indexOf('\n', at + piece.length)
  const newline = after === -1 ? text.lastIndexOf('\n', at) : after
  if (newline === -1) return undefined
  return text[newline - 1] === '\r' ? '\r\n' : '\n'
}

function withEnds(text: string, ends: readonly string[], around: string | undefined): string {
  const last = ends.at(-1) ?? around
  let count = 0
  return text.replace(/\r?\n/g, (own) => {
    const end = ends[count] ?? last ?? own
    count += 1
    return end
  })
}
