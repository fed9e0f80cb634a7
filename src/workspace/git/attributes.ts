import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Git, OutputTooLarge } from './git.ts'

const NAME = '.gitattributes'
/** Git ignores larger files, and nobody writes this many. */
const MAX_FILES = 1_000
const MAX_BYTES = 1024 ** 2

/**
 * A folder that contains nothing but .gitattributes: git reads them from a work tree, and a bare
 * repository has none.
 */
export function attributesFolder(gitDir: string): string {
  return join(gitDir, 'attributes')
}

/** Writes a commit's .gitattributes files to where merges find them. */
export async function writeAttributes(git: Git, gitDir: string, commit: string): Promise<void> {
  const folder = attributesFolder(gitDir)
  await mkdir(folder, { recursive: true })
  const { stdout } = await git(['ls-tree', '-r', '-z', commit], { gitDir })
  const found = stdout
    .toString()
    .split('\0')
    .flatMap((entry) => {
      const [, object, path] = /^100\d{3} blob (\w+)\t(.+)$/s.exec(entry) ?? []
      if (object === undefined || path === undefined) return []
      return path === NAME || path.endsWith(`/${NAME}`) ? [{ object, path }] : []
    })
  for (const { object, path } of found.slice(0, MAX_FILES)) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, await contentOf(git, gitDir, object))
  }
}

async function contentOf(git: Git, gitDir: string, object: string): Promise<Buffer> {
  try {
    const call = { gitDir, maxOutputBytes: MAX_BYTES }
    return (await git(['cat-file', 'blob', object], call)).stdout
  } catch (error) {
    if (error instanceof OutputTooLarge) return Buffer.alloc(0)
    throw error
  }
}
