import type { Failure } from '../contract/errors.ts'
import type { MergedEdits } from '../contract/synthesis.ts'

const MOST_NAMES = 5

/**
 * Says in a sentence which of the tasks' edits are in neither a commit nor a patch; `undefined` if
 * none are missing.
 */
export function missingEdits({ conflicts, merged }: MergedEdits): Failure | undefined {
  if (conflicts.length === 0) return undefined
  const isMerged = new Set(merged)
  const involved = [...new Set(conflicts.flatMap(({ tasks }) => tasks))]
  const missing = named(involved.filter((taskId) => !isMerged.has(taskId)))
  const against = involved.filter((taskId) => isMerged.has(taskId))
  const files = named([...new Set(conflicts.map(({ path }) => path))])
  const others = against.length === 0 ? '' : ` with those of ${named(against)}`
  return {
    code: 'merge-conflict',
    message: `The edits of ${missing} are not in the patch: they conflict${others} in ${files}.`,
  }
}

export const EDITS_NOT_MERGED: Failure = {
  code: 'edits-not-merged',
  message: 'The edits of the tasks could not be merged; each task keeps its own patch.',
}

function named(names: readonly string[]): string {
  if (names.length > MOST_NAMES) {
    return `${names.slice(0, MOST_NAMES).join(', ')} and ${names.length - MOST_NAMES} more`
  }
  const last = names.at(-1) ?? ''
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`
}
