import { stripVTControlCharacters, styleText } from 'node:util'

/**
 * Renders Markdown for a terminal: headings, emphasis and code as styles, lines wrapped between
 * words.
 */
export function renderMarkdown(markdown: string, columns: number): string {
  // The text may quote other people's files, which may contain control characters.
  const text = stripVTControlCharacters(markdown).replaceAll(/[^\P{Cc}\n]/gu, '')
  return text
    .split('\n')
    .map((line) => {
      const heading = /^#{1,6}\s+(?<title>.*)/.exec(line)?.groups?.title
      if (heading !== undefined) return paint(['bold', 'underline'], plain(heading))
      const marker = /^\s*(?:[-*]|\d+\.)\s+/.exec(line)?.[0] ?? /^\s*/.exec(line)?.[0] ?? ''
      const bullet = marker.replace(/[-*](?=\s+$)/, '•')
      return fold(line.slice(marker.length), Math.max(40, columns) - marker.length)
        .map((part, index) => `${index === 0 ? bullet : ' '.repeat(marker.length)}${styled(part)}`)
        .join('\n')
    })
    .join('\n')
}

/** Wraps between words; `**` and backticks that span words stay on one line. */
function fold(line: string, width: number): string[] {
  const words = line.match(/(?:\*\*[^*]+\*\*|`[^`]+`|[^\s*`]|\*|`)+/g) ?? []
  const lines = ['']
  for (const word of words) {
    const last = lines.at(-1) ?? ''
    if (last !== '' && plain(last).length + 1 + plain(word).length > width) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines
}

function plain(text: string): string {
  return text.replaceAll(/\*\*([^*]+)\*\*/g, '$1').replaceAll(/`([^`]+)`/g, '$1')
}

function styled(text: string): string {
  return text
    .replaceAll(/\*\*([^*]+)\*\*/g, (_, strong: string) => paint('bold', plain(strong)))
    .replaceAll(/`([^`]+)`/g, (_, code: string) => paint('cyan', code))
}

/** Styles follow `NO_COLOR`, `FORCE_COLOR` and whether the output is a terminal. */
function paint(style: Parameters<typeof styleText>[0], text: string): string {
  return styleText(style, text, { stream: process.stdout })
}
