import { pathResolver } from '../findings/check-evidence.ts'
import type { Reported } from '../merge/settle-findings.ts'
import { type Claim, type TaskResult, VERIFIER_LIMITS } from '../ports/models.ts'
import type { PlanStore } from '../ports/plan-store.ts'
import type { ReadableFiles, Workspaces } from '../ports/workspaces.ts'
import { planFiles } from '../run/plan-files.ts'
import { shorten } from '../text/shorten.ts'
import type { Writing } from './draft-synthesis.ts'

export interface ClaimDeps {
  plans: Pick<PlanStore, 'files' | 'workspace' | 'pinBase'>
  workspaces: Pick<Workspaces, 'readable'>
  onFault: (error: unknown, planId: string) => void
}

/** A finding of the synthesis, with the source whose text is judged. */
interface Placed {
  own: Reported
  file?: string | undefined
  line?: number | undefined
}

/** Characters of a line that are shown. */
const MAX_LINE = 500

/**
 * What verifiers are shown about findings: the claim, and the file's contents around the place.
 * Undefined for a finding without a file in the workspace, and for files that tasks of the plan
 * have changed, because the finding may be about the change.
 */
export async function claimsOf(
  deps: ClaimDeps,
  { plan, signal }: Pick<Writing, 'plan' | 'signal'>,
  placed: readonly Placed[],
  results: readonly TaskResult[],
): Promise<(Claim | undefined)[]> {
  const none = placed.map(() => undefined)
  if (plan.spec.workspace === undefined) return none
  try {
    const files = await planFiles(deps.plans, plan)
    if (files === undefined) return none
    const readable = await deps.workspaces.readable(files, signal)
    const resolve = pathResolver(readable.paths, !readable.truncated)
    const edited = new Set(results.flatMap(({ edits }) => edits?.files ?? []))
    const claims: (Claim | undefined)[] = []
    for (const { own, file, line } of placed) {
      const resolved = file === undefined ? undefined : resolve(file)
      const path = resolved?.kind === 'file' ? resolved.path : undefined
      claims.push(
        path === undefined || edited.has(path)
          ? undefined
          : await claimOn(readable, own, path, line),
      )
    }
    return claims
  } catch (error) {
    if (!signal.aborted) deps.onFault(error, plan.spec.id)
    return none
  }
}

async function claimOn(
  readable: ReadableFiles,
  { finding }: Reported,
  file: string,
  line: number | undefined,
): Promise<Claim | undefined> {
  const text = await readable.read(file)
  if (text === undefined) return undefined
  const { title, detail } = finding
  return { title, detail, file, line, excerpt: excerptOf(text, line) }
}

/** As many numbered lines around `line` as fit. */
export function excerptOf(text: string, line = 1): string {
  const lines = text.split(/\r?\n/)
  const numbered = (index: number) => `${index + 1}: ${shorten(lines[index] ?? '', MAX_LINE)}`
  let from = Math.min(Math.max(line, 1), lines.length) - 1
  let to = from
  const shown = [numbered(from)]
  // Reserves room for the note that lines are missing.
  let left = VERIFIER_LIMITS.excerptChars - (shown[0]?.length ?? 0) - 200
  const room = (index: number) => {
    const next = numbered(index)
    left -= next.length + 1
    return left >= 0 ? next : undefined
  }
  while (left > 0 && (from > 0 || to < lines.length - 1)) {
    const before = from > 0 ? room(from - 1) : undefined
    if (before !== undefined) {
      shown.unshift(before)
      from -= 1
    }
    const after = to < lines.length - 1 ? room(to + 1) : undefined
    if (after !== undefined) {
      shown.push(after)
      to += 1
    }
  }
  if (from > 0) shown.unshift(`[lines 1 to ${from} are not shown]`)
  if (to < lines.length - 1) shown.push(`[lines ${to + 2} to ${lines.length} are not shown]`)
  return shown.join('\n')
}
