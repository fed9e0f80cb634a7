import { Refusal } from './refusal.ts'

/** What Linux accepts as a path. */
const MAX_PATH_CHARS = 4_000

/** The parts of a path that a model names, relative to the workspace. No part is `..` or `.git`. */
export function partsOf(path: string): string[] {
  if (path.length > MAX_PATH_CHARS) throw new Refusal('That path is too long.')
  if (path.includes('\0')) throw new Refusal('A path must not contain a NUL character.')
  if (path.startsWith('/') && path !== '/') {
    throw new Refusal('Paths are relative to the workspace: without a leading "/".')
  }
  const parts = path.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw new Refusal('A path must not contain "..".')
  if (parts.some(isGit)) throw new Refusal('.git is not accessible.')
  return parts
}

/** Whether a name is `.git` in any spelling that some file system accepts. */
export function isGit(name: string): boolean {
  return name.toLowerCase() === '.git'
}

/** For people and models: `.` for the workspace itself. */
export function shown(parts: readonly string[]): string {
  return parts.length === 0 ? '.' : parts.join('/')
}
