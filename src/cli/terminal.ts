import { stripVTControlCharacters, styleText } from 'node:util'
import { renderMarkdown } from './render-markdown.ts'

/** Where the command writes: results to `out`, everything else to `notes`. */
export interface Terminal {
  /** A result, as it is. */
  out: (text: string) => void
  /** A line for whoever watches. */
  note: (text: string) => void
  notes: NodeJS.WriteStream
  /** Text of others, for a terminal: without what would move its cursor or ring its bell. */
  printable: (text: string) => string
  /** The same for Markdown, which a terminal shows as it is meant; elsewhere it stays Markdown. */
  markdown: (text: string) => string
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  // Whoever reads has read enough, as `head` does.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  return {
    out: (text) => stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    notes: stderr,
    // In a file or a pipe, an output stays what it was.
    printable: (text) => (stdout.isTTY ? withoutControls(text) : text),
    markdown: (text) => (stdout.isTTY ? renderMarkdown(text, stdout.columns ?? 80) : text),
  }
}

/** Keeps line ends and tabs. */
export function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replaceAll(CONTROLS, '')
}

/** All of C0 and C1 but tab and line feed. */
const CONTROLS = /[^\P{Cc}\n\t]/gu

type Style = Parameters<typeof styleText>[0]

/** Colours text where the notes go to a terminal that wants colour (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr, validateStream: true })
}
