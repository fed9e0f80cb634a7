/**
 * The body as stored next to its plan, without the context and file contents, which the plan has.
 */
export function keptSubmission(body: unknown): unknown {
  const { context: _context, workspace, ...rest } = body as Record<string, unknown>
  if (workspace === undefined) return rest
  return { ...rest, workspace: hasFiles(workspace) ? { ...workspace, files: {} } : workspace }
}

function hasFiles(workspace: unknown): workspace is { files: Record<string, unknown> } {
  return typeof workspace === 'object' && workspace !== null && 'files' in workspace
}
