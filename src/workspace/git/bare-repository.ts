import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Git } from './git.ts'

/**
 * Files are taken byte by byte as they are. These attributes win over every `.gitattributes` in the
 * files themselves, so no line end, keyword or encoding is converted, and no filter is named that
 * could be run.
 */
const ATTRIBUTES = '* -text !crlf !eol !ident !filter !working-tree-encoding\n'

/** Makes an empty repository with none of the templates, hooks or settings of this machine. */
export async function createBareRepository(git: Git, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await git(['init', '--bare', '--quiet', '--template=', '--initial-branch=main'], {
    gitDir: folder,
  })
  await mkdir(join(folder, 'info'), { recursive: true })
  await writeFile(join(folder, 'info', 'attributes'), ATTRIBUTES)
}
