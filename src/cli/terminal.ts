import { stripVTControlCharacters, styleText } from 'node:util'
import { renderMarkdown } from './render-markdown.ts'

/** Where the command writes: results to `out`, everything else to `notes`. */
export interface Terminal {
  /** Prints a result unchanged. */
  out: (text: string) => void
  /** Prints a line for whoever is watching. */
  note: (text: string) => void
  notes: NodeJS.WriteStream
  /**
   * Makes foreign text safe for a terminal, without sequences that move the cursor or ring the
   * bell.
   */
  printable: (text: string) => string
  /** The same for Markdown, rendered if it goes to a terminal; elsewhere it stays Markdown. */
  markdown: (text: string) => string
}

export function processTerminal(): Terminal {
  const { stdout, stderr } = process
  // The reader, such as `head`, has read enough.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  return {
    out: (text) => stdout.write(text.endsWith('\n') ? text : `${text}\n`),
    note: (text) => stderr.write(`${text}\n`),
    notes: stderr,
    // In a file or a pipe, output stays unchanged.
    printable: (text) => (stdout.isTTY ? withoutControls(text) : text),
    markdown: (text) => (stdout.isTTY ? renderMarkdown(text, stdout.columns ?? 80) : text),
  }
}

/** Keeps line ends and tabs. */
export function withoutControls(text: string): string {
  return stripVTControlCharacters(text).replaceAll(CONTROLS, '')
}

/** All of C0 and C1 except tab and line feed. */
const CONTROLS = /[^\P{Cc}\n\t]/gu

type Style = Parameters<typeof styleText>[0]

/** Colours text if the notes go to a terminal that wants colour (`NO_COLOR`, `FORCE_COLOR`). */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr, validateStream: true })
}
