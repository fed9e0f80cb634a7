import { realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'

/**
 * The real folder that a plan's `path` names, or undefined if that is not a folder inside one of
 * the roots. A relative path is tried below each root in turn. Links are resolved first, so none
 * leads outside. Callers cannot distinguish a folder outside from a missing one.
 */
export async function allowedFolder(
  roots: readonly string[],
  path: string,
): Promise<string | undefined> {
  if (path.includes('\0')) return undefined
  for (const root of roots) {
    const realRoot = await realFolder(root)
    if (realRoot === undefined) continue
    const folder = await realFolder(isAbsolute(path) ? path : join(root, path))
    if (folder !== undefined && isInside(realRoot, folder)) return folder
  }
  return undefined
}

/** Whether `path` is `folder` or inside it. Both must be absolute and without links. */
export function isInside(folder: string, path: string): boolean {
  const steps = relative(folder, path)
  return steps === '' || (steps !== '..' && !steps.startsWith(`..${sep}`) && !isAbsolute(steps))
}

async function realFolder(path: string): Promise<string | undefined> {
  try {
    const real = await realpath(path)
    return (await stat(real)).isDirectory() ? real : undefined
  } catch {
    return undefined
  }
}
