import type { TaskFiles } from '../contract/task-spec.ts'
import type { Links } from '../ports/workspaces.ts'
import { plainGlob } from './file-scope.ts'

/** How many links a glob is followed through. */
const MOST_LINKS = 40

/** The task with its files also listed under the names that links lead to. */
export function taskThroughLinks<Task extends { files?: TaskFiles | undefined }>(
  task: Task,
  links: Links,
): Task {
  const { files } = task
  if (files === undefined) return task
  const follow = (globs: readonly string[] | undefined) => throughLinks(globs ?? [], links)
  return {
    ...task,
    files: Array.isArray(files)
      ? follow(files)
      : { read: follow(files.read), write: follow(files.write) },
  }
}

/**
 * Adds to each glob that goes through links the paths they lead to: a file is the same under all
 * its names. Links that only a wildcard would match are not followed.
 */
function throughLinks(globs: readonly string[], links: Links): string[] {
  return globs.flatMap((glob) => {
    const mark = glob.startsWith('!') && !glob.startsWith('!(') ? '!' : ''
    const found = [glob]
    let place = plainGlob(glob.slice(mark.length))
    for (let followed = 0; followed < MOST_LINKS; followed += 1) {
      const next = followOne(place, links)
      if (next === undefined) break
      place = next
      found.push(`${mark}${place}`)
    }
    return found
  })
}

/** Replaces the first link in the glob's path with its target. */
function followOne(glob: string, links: Links): string | undefined {
  const parts = glob.split('/')
  for (let count = 1; count <= parts.length; count += 1) {
    const target = links.get(parts.slice(0, count).join('/'))
    if (target !== undefined) return plainGlob([target, ...parts.slice(count)].join('/'))
  }
  return undefined
}
