import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FieldError } from '../../core/contract/errors.ts'
import { jsonPointer } from '../../core/contract/field-errors.ts'

/** The longest name in a path, in bytes, on common file systems. */
const MAX_NAME_BYTES = 255

const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g

/**
 * Whether a name is `.git` as some file system may read it, which git rejects in any tree:
 * Windows's short name, dots and spaces that NTFS drops, an alternate stream, characters that HFS+
 * ignores.
 */
function isGit(name: string): boolean {
  return name.split('\\').some((part) => {
    const [stem = ''] = part.replace(IGNORED_BY_HFS, '').toLowerCase().split(':', 1)
    let end = stem.length
    while (stem[end - 1] === '.' || stem[end - 1] === ' ') end -= 1
    return ['.git', 'git~1'].includes(stem.slice(0, end))
  })
}

/** Why inline files cannot be written under their names. */
export function inlineFilesErrors(paths: readonly string[]): FieldError[] {
  const files = new Set(paths)
  return paths.flatMap((path) => {
    const names = path.split('/')
    const parents = names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'))
    const parent = parents.find((candidate) => files.has(candidate))
    const detail = names.some(isGit)
      ? 'must not be inside .git, nor a name that some file systems take for it'
      : names.some((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)
        ? `has a name of more than ${MAX_NAME_BYTES} bytes`
        : names.some((name) => !name.isWellFormed())
          ? 'is not valid Unicode'
          : parent === undefined
            ? undefined
            : `lies below "${parent}", which is a file`
    return detail === undefined
      ? []
      : [{ pointer: jsonPointer(['workspace', 'files', path]), detail }]
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
