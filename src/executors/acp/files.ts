import { realpath } from 'node:fs/promises'
import {
  type ReadTextFileRequest,
  type ReadTextFileResponse,
  RequestError,
  type WriteTextFileRequest,
} from '@agentclientprotocol/sdk'
import type { Workspace } from '../../core/ports/executor.ts'
import { Refusal } from '../model/tools/refusal.ts'
import { readTextFile } from '../model/tools/text-file.ts'
import { type WriteScope, writeText } from '../model/tools/write-tools.ts'
import { WORKSPACE } from '../sandbox/bubblewrap.ts'

/** The files of a task, which an agent requests by their paths in the sandbox. */
export interface ServedFiles {
  read(request: ReadTextFileRequest): Promise<ReadTextFileResponse>
  write(request: WriteTextFileRequest): Promise<void>
}

/** Gives access only to the workspace, like the tools of a model. */
export function servedFiles(workspace: Workspace | undefined, scope: WriteScope): ServedFiles {
  const root = async () => {
    if (workspace === undefined) throw new Refusal('There is no workspace.')
    return realpath(workspace.root)
  }
  return {
    read: ({ path, line, limit }) =>
      answered(path, async () => {
        const { text } = await readTextFile(await root(), inside(path))
        if (line == null && limit == null) return { content: text }
        const first = Math.max(1, line ?? 1) - 1
        const lines = text.split('\n')
        return { content: lines.slice(first, limit == null ? undefined : first + limit).join('\n') }
      }),
    write: ({ path, content }) =>
      answered(path, async () => {
        if (workspace?.writable !== true) throw new Refusal('This task may not write files.')
        await writeText(await root(), scope, { path: inside(path), content })
      }),
  }
}

function inside(path: string): string {
  if (path.startsWith(`${WORKSPACE}/`)) return path.slice(WORKSPACE.length + 1)
  throw new Refusal(`Only files in ${WORKSPACE} can be reached.`)
}

/** Turns a refusal into an error of the protocol that names no path outside the sandbox. */
async function answered<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // Agents ask for a file to learn whether there is one.
    if (error instanceof Refusal && error.isMissing) throw RequestError.resourceNotFound(path)
    const reason = error instanceof Refusal ? error.message : 'The file could not be accessed.'
    throw RequestError.invalidParams(undefined, reason)
  }
}
