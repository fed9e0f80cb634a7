import type { Overlap, Plan } from '../client/index.ts'

/** `950 ms`, `2.5 s`, `3 min 05 s`, `2 h 07 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`
}

/** How long ago, in the largest unit. */
export function age(since: string, now: number): string {
  const seconds = Math.max(0, Math.round((now - Date.parse(since)) / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

export function money(usd: number): string {
  return usd > 0 && usd < 0.01 ? '< $0.01' : `$${usd.toFixed(2)}`
}

export function thousands(count: number): string {
  return count.toLocaleString('en-US')
}

export function plural(count: number, noun: string): string {
  return `${thousands(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** How many of the tasks have ended. */
export function ended({ queued, running, total }: Plan['counts']): string {
  return `${total - queued - running}/${total}`
}

/** `a and b (write/write): src/app.ts`. */
export function describeOverlap({ tasks, kind, files, fileCount }: Overlap): string {
  const more = fileCount > files.length ? ` and ${fileCount - files.length} more` : ''
  return `${tasks.join(' and ')} (${kind}): ${files.join(', ')}${more}`
}

const LETTERS = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** One line, cut with an ellipsis if it is too long. */
export function cut(text: string, width: number): string {
  return cutEnd(text.replaceAll(/\s+/g, ' ').trim(), width)
}

/** Cut with an ellipsis if it is too long; its spaces stay as they are. */
export function cutEnd(line: string, width: number): string {
  if (line.length <= width) return line
  const letters = Array.from(LETTERS.segment(line), ({ segment }) => segment)
  return letters.length <= width ? line : `${letters.slice(0, width - 1).join('')}…`
}

/** Columns as wide as their widest cell; the last one is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function two(count: number): string {
  return `${count}`.padStart(2, '0')
}
