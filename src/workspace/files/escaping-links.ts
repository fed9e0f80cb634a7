import { readlink } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { isErrno } from './folder-walk.ts'

/** Linux's limit for one path. */
const MAX_LINKS = 40

/**
 * Whether a link in a folder leads out of it at any step, including via other links. A dangling
 * link that would stay inside does not. An absolute target does, because the folder is a copy and
 * the target is not.
 *
 * @param path of the link, relative to the folder, with `/`
 */
export async function leadsOut(folder: string, path: string): Promise<boolean> {
  const pending = path.split('/')
  const resolved: string[] = []
  let links = 0
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '' || name === '.') continue
    if (name === '..') {
      if (resolved.pop() === undefined) return true
      continue
    }
    const target = await linkTarget(join(folder, ...resolved, name))
    if (target === undefined) {
      resolved.push(name)
      continue
    }
    links++
    if (isAbsolute(target) || links > MAX_LINKS) return true
    pending.unshift(...target.split('/'))
  }
  return false
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path)
  } catch (error) {
    if (isErrno(error, 'EINVAL', 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined
    throw error
  }
}
