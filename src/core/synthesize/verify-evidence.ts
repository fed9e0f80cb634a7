import { type Finding, refOf } from '../contract/findings.ts'
import { checkEvidence, pathResolver, type Resolved } from '../findings/check-evidence.ts'
import { withFindings } from '../findings/extract-findings.ts'
import { placeOf } from '../findings/places.ts'
import { type SearchedText, searchedText } from '../findings/quotes.ts'
import type { Evidence } from '../merge/settle-evidence.ts'
import type { TaskResult } from '../ports/models.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { PlanRecord } from '../ports/records.ts'
import type { Workspaces } from '../ports/workspaces.ts'
import { planFiles } from '../run/plan-files.ts'

/** How many files are read for one synthesis, and their total characters. */
const MAX_FILES = 2_000
const MAX_TEXT = 64_000_000

/** How many findings have their quotations checked; of the rest only the place is checked. */
const MAX_QUOTED = 5_000

interface VerifyDeps {
  plans: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>
  workspaces: Pick<Workspaces, 'readable'>
  onFault: (error: unknown, planId: string) => void
}

/**
 * Checks the tasks' findings against the plan's files. Findings whose evidence is not there are
 * returned separately; the places of the others are corrected. Does nothing for a plan without a
 * workspace. Files that tasks of the plan have changed do not refute a finding, because it may be
 * about the change.
 */
export async function verifyEvidence(
  deps: VerifyDeps,
  plan: PlanRecord,
  given: readonly TaskResult[],
  notes: string[],
  signal: AbortSignal,
): Promise<{ results: TaskResult[]; evidence: Evidence | undefined }> {
  const results = withFindings(given)
  const places = new Set(
    results.flatMap(({ findings }) => findings.flatMap((finding) => placeOf(finding).file ?? [])),
  )
  if (plan.spec.workspace === undefined || places.size === 0)
    return { results, evidence: undefined }
  const files = await planFiles(deps.plans, plan)
  if (files === undefined) return { results, evidence: undefined }
  try {
    const readable = await deps.workspaces.readable(files, signal)
    const resolve = pathResolver(readable.paths, !readable.truncated)
    const edited = new Set(results.flatMap(({ edits }) => edits?.files ?? []))
    const texts = new Map<string, SearchedText | undefined>()
    let left = MAX_TEXT
    let quoted = MAX_QUOTED
    const textOf = async (path: string) => {
      if (texts.has(path)) return texts.get(path)
      const text = texts.size < MAX_FILES && left > 0 ? await readable.read(path) : undefined
      left -= text?.length ?? 0
      const searched = text === undefined ? undefined : searchedText(text)
      texts.set(path, searched)
      return searched
    }
    const evidence: Evidence = { checks: {}, refuted: [] }
    const checked: TaskResult[] = []
    for (const result of results) {
      const kept: { ref: string; finding: Finding }[] = []
      for (const [index, finding] of result.findings.entries()) {
        const ref = refOf(result, index)
        const { file } = placeOf(finding)
        const resolved: Resolved = file === undefined ? { kind: 'unclear' } : resolve(file)
        const isEdited = file !== undefined && isAmong(edited, file, resolved)
        const path = resolved.kind === 'file' && !isEdited ? resolved.path : undefined
        const text = path === undefined || quoted-- <= 0 ? undefined : await textOf(path)
        const found = checkEvidence(finding, isEdited ? { kind: 'unclear' } : resolved, text)
        evidence.checks[ref] = found.checks
        const placed = { ...finding, ...found.place }
        if (found.refuted === undefined) kept.push({ ref, finding: placed })
        else {
          const { taskId } = result
          evidence.refuted.push({ ref, taskId, finding, reason: found.refuted })
        }
      }
      checked.push({
        ...result,
        findings: kept.map(({ finding }) => finding),
        refs: kept.map(({ ref }) => ref),
      })
    }
    return { results: checked, evidence }
  } catch (error) {
    // The job is then given back, and another process writes the version.
    if (signal.aborted) return { results, evidence: undefined }
    deps.onFault(error, plan.spec.id)
    notes.push('The files of the workspace could not be read, so no evidence was checked.')
    return { results, evidence: undefined }
  }
}

function isAmong(edited: ReadonlySet<string>, file: string, resolved: Resolved): boolean {
  if (edited.has(resolved.kind === 'file' ? resolved.path : file)) return true
  return [...edited].some((path) => path.endsWith(`/${file}`))
}
