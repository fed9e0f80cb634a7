import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FieldError } from '../core/contract/errors.ts'

/** Bytes of one name in a path, on the file systems in use. */
const MAX_NAME_BYTES = 255

/** What keeps inline files from being written as they are named. */
export function inlineFilesErrors(paths: readonly string[]): FieldError[] {
  const files = new Set(paths)
  return paths.flatMap((path) => {
    const names = path.split('/')
    const parents = names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'))
    const parent = parents.find((candidate) => files.has(candidate))
    const detail = names.some((name) => name.toLowerCase() === '.git')
      ? 'must not be inside .git'
      : names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)
        ? `has a name of more than ${MAX_NAME_BYTES} bytes`
        : names.some((name) => !name.isWellFormed())
          ? 'is not valid Unicode'
          : parent === undefined
            ? undefined
            : `lies below "${parent}", which is a file`
    return detail === undefined ? [] : [{ pointer: `/workspace/files/${escaped(path)}`, detail }]
  })
}

export async function writeInlineFiles(
  folder: string,
  files: Record<string, string>,
): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, text)
  }
}

/** A path as one step of a JSON Pointer (RFC 6901). */
function escaped(path: string): string {
  return path.replaceAll('~', '~0').replaceAll('/', '~1')
}
