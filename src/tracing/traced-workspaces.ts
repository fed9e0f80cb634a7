import type { Tracer } from '../core/ports/tracing.ts'
import type { Workspaces } from '../core/ports/workspaces.ts'

/** Records slow operations on files as spans: a checkout may be a clone. */
export function tracedWorkspaces(tracer: Tracer, workspaces: Workspaces): Workspaces {
  return {
    ...workspaces,
    open: (...call) => tracer.span({ name: 'open workspace' }, () => workspaces.open(...call)),
    merge: (...call) => tracer.span({ name: 'merge edits' }, () => workspaces.merge(...call)),
  }
}
