import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileTools } from '../../../../src/executors/model/tools/file-tools.ts'
import { oneAfterAnother } from '../../../../src/executors/model/tools/in-order.ts'

export const SECRET = 'TOP-SECRET-OF-THE-HOST'

/** A workspace with everything in it that could lead out of it, and the tools on it. */
export interface TrappedWorkspace {
  /** The folder around it, with secrets beside it. */
  base: string
  root: string
  call(tool: string, input: object, signal?: AbortSignal): Promise<string>
  remove(): Promise<void>
}

/** @param writes What its tools may write. */
export async function trappedWorkspace(writes: string[]): Promise<TrappedWorkspace> {
  const base = await mkdtemp(join(tmpdir(), 'tutti-tools-'))
  const root = join(base, 'workspace')
  await mkdir(join(root, 'src/deep'), { recursive: true })
  await mkdir(join(root, '.git/hooks'), { recursive: true })
  await mkdir(join(root, 'node_modules/pkg'), { recursive: true })
  await mkdir(join(base, 'outside'))
  await writeFile(join(base, 'outside/secret.ts'), `${SECRET}\n`)
  await writeFile(join(base, 'workspace-neighbour'), `${SECRET}\n`)
  await writeFile(join(root, '.git/config'), `${SECRET}\n`)
  await writeFile(join(root, 'node_modules/pkg/index.ts'), 'needle in a package\n')
  await writeFile(join(root, 'src/a.ts'), 'one\ntwo needle\nthree\nfour\n')
  await writeFile(join(root, 'src/deep/b.ts'), 'a needle too\n')
  await writeFile(join(root, 'src/windows.ts'), 'first\r\nsecond\r\n')
  await writeFile(join(root, 'picture.png'), Buffer.from([137, 80, 78, 71, 0, 1, 2]))
  await writeFile(join(root, '.gitignore'), '*.log\n')
  await writeFile(join(root, 'noise.log'), 'needle in the noise\n')
  // Traps: links out of the workspace, to its repository, in a circle, and to a good place.
  await symlink(join(base, 'outside'), join(root, 'absolute'))
  await symlink('../../outside', join(root, 'src/relative'))
  await symlink('../outside/secret.ts', join(root, 'file-link.ts'))
  await symlink('.git', join(root, 'harmless'))
  await symlink('circle', join(root, 'circle'))
  await symlink('src', join(root, 'inner'))
  execFileSync('mkfifo', [join(root, 'pipe')])
  const { tools } = await fileTools({
    workspace: { root, writable: true },
    chosen: undefined,
    writes,
    inOrder: oneAfterAnother(),
  })
  return {
    base,
    root,
    async call(name, input, abortSignal) {
      const options = { toolCallId: '1', messages: [], context: {}, abortSignal }
      const result: unknown = await tools[name]?.execute?.(input as never, options as never)
      return String(result)
    },
    remove: () => rm(base, { recursive: true, force: true }),
  }
}
