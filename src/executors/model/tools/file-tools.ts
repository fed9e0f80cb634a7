import { realpath } from 'node:fs/promises'
import { type ToolSet, tool } from 'ai'
import { z } from 'zod'
import type { ReadLog, Workspace } from '../../../core/ports/executor.ts'
import type { InOrder } from './in-order.ts'
import { listFolder, readLines } from './read-tools.ts'
import { refusalOf } from './refusal.ts'
import { findFiles, searchFiles } from './search-tools.ts'
import { deleteFile, editText, writeScope, writeText } from './write-tools.ts'

const path = z.string().max(4_000).describe('Relative to the workspace.')
const folder = path.optional().describe('Where to look; by default the whole workspace.')

/** A look at many files: what a model may ask, and how it is answered. */
interface Look<Input> {
  inputSchema: z.ZodType<Input>
  /** What a refusal names. */
  placeOf: (input: Input) => string
  run: (root: string, input: Input, signal: AbortSignal) => Promise<string>
}

/** Lets the type of the input follow from its schema. */
function lookOf<Input>(look: Look<Input>): Look<Input> {
  return look
}

const LOOKS = {
  list: lookOf({
    inputSchema: z.object({ path: folder }),
    placeOf: (input) => input.path ?? '.',
    run: listFolder,
  }),
  glob: lookOf({
    inputSchema: z.object({ pattern: z.string().max(1_000), path: folder }),
    placeOf: (input) => input.pattern,
    run: findFiles,
  }),
  grep: lookOf({
    inputSchema: z.object({
      pattern: z.string().max(1_000),
      path: path.optional().describe('A folder or a file; by default the whole workspace.'),
      glob: z.string().max(1_000).optional().describe('Only files that match, as in "*.ts".'),
      ignoreCase: z.boolean().optional(),
      context: z.int().min(0).max(10).optional().describe('Lines before and after each match.'),
    }),
    placeOf: (input) => input.path ?? '.',
    run: searchFiles,
  }),
}
type LookTool = keyof typeof LOOKS

const NEVER = new AbortController().signal

function refused(error: unknown, at: string): string {
  return `Error: ${refusalOf(error, at).message}`
}

/** Repeats a look of an earlier task in another folder, with the result as that task would get it. */
export async function lookAgain(
  workspace: Workspace,
  { tool: name, input }: { tool: string; input: unknown },
  signal: AbortSignal,
): Promise<string | undefined> {
  const root = await realpath(workspace.root)
  function again<Input>({ inputSchema, placeOf, run }: Look<Input>) {
    const asked = inputSchema.parse(input)
    return run(root, asked, signal).catch((error: unknown) => {
      signal.throwIfAborted()
      return refused(error, placeOf(asked))
    })
  }
  switch (name) {
    case 'list':
      return again(LOOKS.list)
    case 'glob':
      return again(LOOKS.glob)
    case 'grep':
      return again(LOOKS.grep)
    default:
      return undefined
  }
}

export interface FileTools {
  tools: ToolSet
  /** Resolves once no tool is running: after an abort some may take a moment to end. */
  settled(): Promise<void>
}

/**
 * Tools on a task's files. They only reach what is inside the workspace. They report refusals as
 * results, so that the model can continue.
 *
 * @param chosen Names of the wanted tools; all if undefined.
 * @param inOrder Shared with everything that must not see a half-finished change.
 * @param writes The globs that the task may write; empty for a task that only reads.
 */
export async function fileTools(options: {
  workspace: Workspace
  chosen: readonly string[] | undefined
  writes: readonly string[]
  inOrder: InOrder
  reads?: ReadLog | undefined
}): Promise<FileTools> {
  const { workspace, chosen, writes, inOrder, reads } = options
  const root = await realpath(workspace.root)
  const running = new Set<Promise<unknown>>()
  let lastSearch: Promise<unknown> = Promise.resolve()
  let hasWritten = false

  /** The result of a tool, or the reason for its refusal. */
  function answer(at: string, result: Promise<string>): Promise<string> {
    const settled = result.catch((error: unknown) => refused(error, at))
    running.add(settled)
    return settled.finally(() => running.delete(settled))
  }

  /** Reads one file, which becomes one of the task's inputs. */
  function readOne(path: string, read: () => Promise<string>): Promise<string> {
    return answer(path, (reads?.file(path) ?? Promise.resolve()).then(read))
  }

  /** One after another, so that of two simultaneous edits of one file both survive. */
  function write(at: string, change: () => Promise<string>): Promise<string> {
    return answer(
      at,
      inOrder(async () => {
        // What it was before is part of what the task did.
        await reads?.file(at)
        hasWritten = true
        return change()
      }),
    )
  }

  /** One after another: each search is a process, and a model may request hundreds at once. */
  function search(at: string, run: () => Promise<string>): Promise<string> {
    const result = lastSearch.then(run)
    lastSearch = result.catch(() => {})
    return answer(at, result)
  }

  /** After a change, a look shows the task's own work, and cannot be repeated elsewhere. */
  async function look<Input>(
    name: LookTool,
    { placeOf, run }: Look<Input>,
    input: Input,
    signal: AbortSignal = NEVER,
  ): Promise<string> {
    const place = placeOf(input)
    const text = await (name === 'list'
      ? answer(place, run(root, input, signal))
      : search(place, () => run(root, input, signal)))
    if (hasWritten) reads?.unseen()
    else reads?.look(name, input, text)
    return text
  }

  const all: ToolSet = {
    list: tool({
      description: 'Lists a folder. Folders end with "/", links with "@".',
      inputSchema: LOOKS.list.inputSchema,
      execute: (input) => look('list', LOOKS.list, input),
    }),
    glob: tool({
      description: 'Finds files by a glob such as "src/**/*.ts" or "*.test.ts".',
      inputSchema: LOOKS.glob.inputSchema,
      execute: (input, { abortSignal }) => look('glob', LOOKS.glob, input, abortSignal),
    }),
    grep: tool({
      description:
        'Searches the text of files with a regular expression (Rust syntax). Gives path, line number and line. Leaves out what .gitignore names, and node_modules unless the glob names it.',
      inputSchema: LOOKS.grep.inputSchema,
      execute: (input, { abortSignal }) => look('grep', LOOKS.grep, input, abortSignal),
    }),
    read: tool({
      description: 'Reads a text file. Gives numbered lines; long files in several calls.',
      inputSchema: z.object({
        path,
        offset: z.int().min(1).optional().describe('The first line, from 1.'),
        limit: z.int().min(1).max(2_000).optional().describe('How many lines.'),
      }),
      execute: (input) => readOne(input.path, () => readLines(root, input)),
    }),
  }
  if (workspace.writable && writes.length > 0) {
    const scope = writeScope(writes)
    Object.assign(all, {
      write: tool({
        description: 'Creates a file, or replaces all of it. Missing folders are created.',
        inputSchema: z.object({ path, content: z.string() }),
        execute: (input) => write(input.path, () => writeText(root, scope, input)),
      }),
      edit: tool({
        description: 'Replaces oldText, which must occur exactly once in the file, by newText.',
        inputSchema: z.object({
          path,
          oldText: z.string(),
          newText: z.string(),
          replaceAll: z.boolean().optional().describe('Replaces every occurrence.'),
        }),
        execute: (input) => write(input.path, () => editText(root, scope, input)),
      }),
      delete: tool({
        description: 'Deletes a file.',
        inputSchema: z.object({ path }),
        execute: (input) => write(input.path, () => deleteFile(root, scope, input)),
      }),
    } satisfies ToolSet)
  }
  return {
    tools: Object.fromEntries(
      Object.entries(all).filter(([name]) => chosen === undefined || chosen.includes(name)),
    ),
    async settled() {
      while (running.size > 0) await Promise.allSettled(running)
    },
  }
}
