/**
 * The members on the path of a JSON Pointer (RFC 6901) into a body; `undefined` for other
 * locations.
 */
export function partsOf(pointer: string): string[] | undefined {
  // Plain or as a URL fragment.
  const path = pointer.replace(/^#/, '')
  if (path !== '' && !path.startsWith('/')) return undefined
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** `/tasks/0/id` in the usual notation: `tasks[0].id`. */
export function fieldOf(parts: string[]): string {
  return parts
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}
