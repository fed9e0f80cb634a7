/** A body as it is kept beside its plan: without its context and the texts of its files, which the plan has. */
export function keptSubmission(body: unknown): unknown {
  const { context: _context, workspace, ...rest } = body as Record<string, unknown>
  if (workspace === undefined) return rest
  return { ...rest, workspace: hasFiles(workspace) ? { ...workspace, files: {} } : workspace }
}

function hasFiles(workspace: unknown): workspace is { files: Record<string, unknown> } {
  return typeof workspace === 'object' && workspace !== null && 'files' in workspace
}
