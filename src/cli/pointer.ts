/** The members that a JSON Pointer into a body goes through (RFC 6901); `undefined` for other places. */
export function partsOf(pointer: string): string[] | undefined {
  // As it is, or as the fragment of an address.
  const path = pointer.replace(/^#/, '')
  if (path !== '' && !path.startsWith('/')) return undefined
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** `/tasks/0/id` as people write it: `tasks[0].id`. */
export function fieldOf(parts: string[]): string {
  return parts
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}
