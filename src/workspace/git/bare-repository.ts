import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'

/**
 * Files are kept byte for byte. These attributes override every `.gitattributes` in the files, so
 * that no line ending, keyword or encoding is converted, and no filter can be run.
 */
const ATTRIBUTES = '* -text !crlf !eol !ident !filter !working-tree-encoding\n'

/** Creates an empty repository without this machine's templates, hooks or settings. */
export async function createBareRepository(git: Git, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await git(['init', '--bare', '--quiet', '--template=', '--initial-branch=main'], {
    gitDir: folder,
  })
  await mkdir(join(folder, 'info'), { recursive: true })
  await writeFile(join(folder, 'info', 'attributes'), ATTRIBUTES)
}
