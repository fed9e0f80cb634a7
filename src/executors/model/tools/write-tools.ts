import { randomUUID } from 'node:crypto'
import { constants, type FileHandle, lstat, mkdir, open, rename, unlink } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { scopeTest } from '../../../core/preflight/file-scope.ts'
import { replaceContent, replacePiece } from './line-ends.ts'
import { HAS_PROC, openFolder } from './open-inside.ts'
import { Refusal, refusalOf } from './refusal.ts'
import { MAX_FILE_BYTES, readEditable } from './text-file.ts'
import { partsOf, shown } from './workspace-path.ts'

/** Whether a task may write a path. */
export type WriteScope = (path: string) => boolean

/**
 * The scope of a task's `files.write`; a folder stands for everything in it, and `!` excludes
 * files.
 */
export function writeScope(globs: readonly string[]): WriteScope {
  return scopeTest(globs)
}

/** Creates a file with this content, or replaces its content. */
export async function writeText(
  root: string,
  scope: WriteScope,
  { path, content }: { path: string; content: string },
): Promise<string> {
  const parts = writable(path, scope)
  if (Buffer.byteLength(content) > MAX_FILE_BYTES) {
    throw new Refusal(`A file must not have more than ${MAX_FILE_BYTES} bytes.`)
  }
  if (!(await exists(root, parts))) {
    await replaceFile(root, parts, content)
    return `Created ${shown(parts)}.`
  }
  const { text } = await readEditable(root, shown(parts)).catch((error: unknown) => {
    const { message } = refusalOf(error, shown(parts))
    throw new Refusal(`${message} To put another file in its place, delete it first.`)
  })
  await replaceFile(root, parts, replaceContent(text, content))
  return `Replaced ${shown(parts)}.`
}

/** Replaces a piece of a file that occurs once, or all of its occurrences. */
export async function editText(
  root: string,
  scope: WriteScope,
  edit: { path: string; oldText: string; newText: string; replaceAll?: boolean | undefined },
): Promise<string> {
  const parts = writable(edit.path, scope)
  const file = await readEditable(root, shown(parts))
  const { oldText, newText, replaceAll = false } = edit
  if (oldText === '') throw new Refusal('oldText is empty. Use write for a new file.')
  const { count, text } = replacePiece(file.text, oldText, newText)
  if (count === 0) throw new Refusal(`oldText does not occur in ${shown(parts)}.`)
  if (count > 1 && !replaceAll) {
    throw new Refusal(
      `oldText occurs ${count} times in ${shown(parts)}. Include more of the surrounding text, or set replaceAll.`,
    )
  }
  await replaceFile(root, parts, text)
  return `Replaced ${count} occurrence${count === 1 ? '' : 's'} in ${shown(parts)}.`
}

export async function deleteFile(
  root: string,
  scope: WriteScope,
  { path }: { path: string },
): Promise<string> {
  const parts = writable(path, scope)
  await inParent(root, parts, { create: false }, async (target) => {
    if ((await lstat(target)).isDirectory()) throw new Refusal(`${shown(parts)} is a folder.`)
    // Removes a link itself, not its target.
    await unlink(target)
  })
  return `Deleted ${shown(parts)}.`
}

function writable(path: string, scope: WriteScope): string[] {
  const parts = partsOf(path)
  if (parts.length === 0) throw new Refusal('That is the workspace itself.')
  if (!scope(shown(parts))) {
    throw new Refusal(`${shown(parts)} is not among the files that this task may write.`)
  }
  return parts
}

/** Whether something with this name exists that will be overwritten rather than refused. */
async function exists(root: string, parts: string[]): Promise<boolean> {
  const isFile = async (target: string) => (await lstat(target)).isFile()
  return inParent(root, parts, { create: true }, isFile).catch(() => false)
}

/** Replaces the old content atomically. */
function replaceFile(root: string, parts: string[], content: string): Promise<void> {
  return inParent(root, parts, { create: true }, async (target) => {
    const before = await lstat(target).catch(() => undefined)
    if (before !== undefined && !before.isFile()) {
      throw new Refusal(`${shown(parts)} is not a regular file.`)
    }
    const temporary = join(dirname(target), `.${randomUUID()}.tmp`)
    try {
      const file = await open(temporary, 'wx', before?.mode ?? 0o644)
      try {
        await file.writeFile(content)
      } finally {
        await file.close()
      }
      await rename(temporary, target)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
  })
}

/**
 * Calls `use` with a path to the file that no link can redirect. The folders on the way are opened
 * one inside the other, never through a link, and the path goes through the last descriptor.
 * Without /proc, the folder is checked by name just before.
 */
async function inParent<T>(
  root: string,
  parts: string[],
  options: { create: boolean },
  use: (target: string) => Promise<T>,
): Promise<T> {
  const names = parts.slice(0, -1)
  const name = parts.at(-1) ?? ''
  try {
    if (!HAS_PROC) {
      if (options.create) await mkdir(join(root, ...names), { recursive: true })
      const folder = await openFolder(root, names.join('/'))
      await folder.handle.close()
      if (folder.parts.join('/') !== names.join('/')) throw linked(parts)
      return await use([root, ...parts].join(sep))
    }
    let folder = await openPlainFolder(root)
    try {
      for (const part of names) {
        const path = `/proc/self/fd/${folder.fd}/${part}`
        if (options.create) await mkdir(path).catch(ignoreExisting)
        const next = await openPlainFolder(path)
        await folder.close()
        folder = next
      }
      return await use(`/proc/self/fd/${folder.fd}/${name}`)
    } finally {
      await folder.close()
    }
  } catch (error) {
    throw refusalOf(error, shown(parts))
  }
}

function openPlainFolder(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}

function linked(parts: string[]): Refusal {
  return new Refusal(`${shown(parts)} goes through a link.`)
}
