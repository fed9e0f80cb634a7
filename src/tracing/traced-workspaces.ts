import type { Tracer } from '../core/ports/tracing.ts'
import type { Workspaces } from '../core/ports/workspaces.ts'

/** What takes its time with files, each a span: a checkout may be a clone. */
export function tracedWorkspaces(tracer: Tracer, workspaces: Workspaces): Workspaces {
  return {
    ...workspaces,
    open: (...call) => tracer.span({ name: 'open workspace' }, () => workspaces.open(...call)),
    merge: (...call) => tracer.span({ name: 'merge edits' }, () => workspaces.merge(...call)),
  }
}
