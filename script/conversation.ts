/**
 * Runs the conversation in `README.md` against a service that is started for it, and records the
 * actual answers: `node script/conversation.ts`. A test runs it again and compares.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemoService } from './demo-parts/service.ts'

export const README = join(import.meta.dirname, '..', 'README.md')
const BEGIN = '<!-- conversation: answers written by script/conversation.ts -->'
const END = '<!-- /conversation -->'
/** As written in the README. */
const ADDRESS = 'http://127.0.0.1:3000'
const PLAN_ID = /\bp[0-9a-z]{19}\b/g
/** Longer ones are cut in the README for readability. */
const LONGEST_TEXT = 160
const LONGEST_LIST = 3
const LONGEST_LINE = 125

/** One command of the conversation, and its output according to the README. */
export interface Exchange {
  command: string
  answer: string
}

/** The exchanges in a text: each is an `sh` code block followed by another one. */
export function exchangesOf(readme: string): Exchange[] {
  const section = readme.slice(readme.indexOf(BEGIN), readme.indexOf(END))
  const blocks = /^```sh\n(?<command>.*?)\n```\n+```\w+\n(?<answer>.*?)\n?```$/gms
  return Array.from(section.matchAll(blocks), ({ groups }) => ({
    command: groups?.command ?? '',
    answer: groups?.answer ?? '',
  }))
}

/**
 * Runs the commands one after another. Plans created by earlier commands replace those named in the
 * text.
 */
export function converse(exchanges: readonly Exchange[], url: string): Exchange[] {
  const planIds = new Map<string, string>()
  return exchanges.map(({ command, answer }) => {
    const said = command.replaceAll(PLAN_ID, (id) => planIds.get(id) ?? id)
    const output = execFileSync('bash', ['-euo', 'pipefail', '-c', said.replaceAll(ADDRESS, url)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [oldId] = answer.match(PLAN_ID) ?? []
    const [newId] = output.match(PLAN_ID) ?? []
    if (oldId !== undefined && newId !== undefined) planIds.set(oldId, newId)
    return { command: said, answer: readable(output) }
  })
}

/** Drops uninteresting headers; lays out JSON, with long texts and lists cut. */
export function readable(output: string): string {
  const [head, body] = output.startsWith('HTTP/') ? splitHead(output) : ['', output]
  const kept = head
    .split('\n')
    .filter((line) => /^(HTTP|location|content-type)/i.test(line))
    .map((line) => line.trim())
  const json = JSON.stringify(cut(JSON.parse(body)), null, 2)
  // Small objects and lists are on one line, as a person would write them.
  const short = json.replaceAll(/[{[]\n\s+[^{}[\]]+\n\s*[}\]]/g, (text) => {
    const line = text.replaceAll(/\n\s*/g, ' ').replace(/^\[ (.*) \]$/, '[$1]')
    return line.length <= LONGEST_LINE ? line : text
  })
  return [...kept, ...(kept.length > 0 ? [''] : []), short].join('\n')
}

function splitHead(output: string): [head: string, body: string] {
  const end = output.indexOf('\r\n\r\n')
  return [output.slice(0, end), output.slice(end + 4)]
}

function cut(value: unknown): unknown {
  if (typeof value === 'string' && value.length > LONGEST_TEXT) {
    return `${value.slice(0, LONGEST_TEXT)}…`
  }
  if (Array.isArray(value)) {
    const items = value.slice(0, LONGEST_LIST).map(cut)
    return value.length > LONGEST_LIST ? [...items, '…'] : items
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, cut(entry)]))
  }
  return value
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tutti-conversation-'))
  const service = await startDemoService(folder, 0)
  try {
    let readme = readFileSync(README, 'utf8')
    const before = exchangesOf(readme)
    for (const [index, after] of converse(before, service.url).entries()) {
      const { command, answer } = before[index] ?? after
      readme = readme.replace(command, () => after.command)
      readme = readme.replace(
        new RegExp(
          `(?<=${escaped(after.command)}\n\`\`\`\n+\`\`\`\\w+\n)${escaped(answer)}\n?(?=\`\`\`)`,
        ),
        () => `${after.answer}\n`,
      )
    }
    writeFileSync(README, readme)
  } finally {
    await service.stop()
    rmSync(folder, { recursive: true })
  }
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}

if (import.meta.main) await main()
