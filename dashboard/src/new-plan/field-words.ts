// Turns the service's messages about submission fields into words for people.

/** Fields that the form names differently from the API. */
const NAMES: Record<string, string> = {
  '/workspace/path': 'Folder of the workspace',
  '/workspace/git/url': 'Repository URL',
  '/workspace/git/ref': 'Branch, tag or commit',
  '/policy/maxConcurrency': 'Maximum concurrent tasks',
  '/policy/budgetUsd': 'Budget',
  '/policy/timeoutMs': 'Time limit of the plan',
  '/policy/minSuccess': 'Share of tasks that must succeed',
  '/webhook/url': 'Webhook URL',
}

/** `/tasks/1/focusAreas/0` as `Task 2, focus areas, entry 1`. */
export function fieldName(pointer: string): string {
  const path = pointer.replace(/^#/, '')
  const known = NAMES[path]
  if (known !== undefined) return known
  const parts = path.split('/').slice(1).map(unescaped)
  if (parts.length === 0) return 'The plan'
  const words = parts.flatMap((part, index) => {
    if (!/^\d+$/.test(part)) return [isName(parts[index - 1]) ? part : wordsOf(part)]
    // The number belongs to the list before it: `tasks/1` is task 2.
    return [
      index === 1 && parts[0] === 'tasks'
        ? `task ${Number(part) + 1}`
        : `entry ${Number(part) + 1}`,
    ]
  })
  if (parts[0] === 'tasks' && parts.length > 1) words.shift()
  const text = words.join(', ')
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** `must not be empty` as `Must not be empty.` */
export function sentence(detail: string): string {
  const text = detail.trim()
  const begun = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`
}

/** Whether names below this field are the caller's own and keep their spelling. */
function isName(parent: string | undefined): boolean {
  return parent === 'files' || parent === 'options' || parent === 'metadata'
}

/** `outputSchema` as `output schema`. */
function wordsOf(name: string): string {
  return name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase()
}

function unescaped(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~')
}
