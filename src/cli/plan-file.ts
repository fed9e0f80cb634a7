import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { PlanSubmission } from '../client/index.ts'
import { CommandError } from './command-error.ts'

/** A plan as written, and where in the file each part is. */
export interface PlanFile {
  /** As given on the command line; `stdin` for `-`. */
  name: string
  /** Not validated: that is up to the service. */
  plan: PlanSubmission
  /** The 1-based line of `['tasks', '0', 'id']`, or of what should contain it. */
  lineOf(parts: string[]): number
}

/**
 * Reads a plan in YAML or JSON.
 *
 * @param path `-` for standard input.
 * @throws {CommandError} The file does not exist, or is neither.
 */
export async function readPlanFile(path: string): Promise<PlanFile> {
  const name = path === '-' ? 'stdin' : path
  const source = await sourceOf(path)
  // Positions are only needed for errors, and take long to find in a large plan.
  let located: Located | undefined
  const lineOf = (parts: string[]) => {
    located ??= locate(source)
    return lineIn(located, parts)
  }
  const value = parse(source, name)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandError(
      `${name}: a plan is a mapping, with \`tasks\`, \`pattern\` or \`goal\` in it`,
    )
  }
  // Editors use `$schema` in JSON; the service does not accept it.
  const { $schema: _schema, ...plan } = value as Record<string, unknown>
  return { name, plan: plan as PlanSubmission, lineOf }
}

async function sourceOf(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : undefined
    if (reason === 'ENOENT') throw new CommandError(`${path}: there is no such file`)
    if (reason === 'EISDIR') throw new CommandError(`${path}: is a folder; name a file in it`)
    throw new CommandError(`${path}: cannot be read (${String(reason ?? error)})`)
  }
}

function parse(source: string, name: string): unknown {
  if (source.trimStart().startsWith('{')) {
    try {
      return JSON.parse(source)
    } catch {
      // YAML may start like this too, and its parser locates mistakes in JSON.
    }
  }
  const { document } = locate(source)
  const [mistake] = document.errors
  if (mistake !== undefined) {
    const { line, col } = mistake.linePos?.[0] ?? { line: 1, col: 1 }
    const [summary] = mistake.message.split(/ at line \d+|:?\n/)
    throw new CommandError(`${name}:${line}:${col}: ${summary}`)
  }
  return document.toJS()
}

interface Located {
  document: Document.Parsed
  lines: LineCounter
}

function locate(source: string): Located {
  const lines = new LineCounter()
  // JSON is also YAML, so both have positions.
  return { document: parseDocument(source, { lineCounter: lines }), lines }
}

function lineIn({ document, lines }: Located, parts: string[]): number {
  let node: unknown = document.contents
  let offset = document.contents?.range[0] ?? 0
  for (const part of parts) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === part)
      if (pair === undefined) break
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else if (isSeq(node)) {
      const item = node.items[Number(part)]
      if (item === undefined) break
      node = item
      if (isScalar(item) || isMap(item) || isSeq(item)) offset = item.range?.[0] ?? offset
    } else {
      break
    }
  }
  return lines.linePos(offset).line
}
