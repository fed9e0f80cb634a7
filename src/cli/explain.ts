import { type FieldError, TuttiError } from '../client/index.ts'
import { CommandError } from './command-error.ts'
import type { PlanFile } from './plan-file.ts'
import { partsOf } from './pointer.ts'

/** What went wrong and what to do about it, in a sentence or a few lines. */
export function explain(error: unknown, url: string, file?: PlanFile): string {
  if (error instanceof CommandError) return error.message
  if (!(error instanceof TuttiError)) {
    return `something went wrong inside of tutti itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  switch (error.code) {
    case 'network-error':
      return `no service answers at ${url} (${reasonOf(error)}). Start one with \`npm start\`, or name another with --url or TUTTI_URL.`
    case 'timeout':
      return `the service at ${url} takes too long: ${error.message}`
    case 'bad-response':
    case 'route-not-found':
      return `what answers at ${url} is not Tutti. Name its address with --url or TUTTI_URL.`
    case 'unauthorized':
      return 'the service wants an API key that it knows: set TUTTI_API_KEY, or give --api-key.'
    default:
      return [error.message, ...error.errors.map((each) => `  ${placeOf(each, file)}`)].join('\n')
  }
}

/** `plan.yaml:12: tasks[0].id: must be a slug`. */
function placeOf({ pointer, detail }: FieldError, file: PlanFile | undefined): string {
  if (!pointer.startsWith('#')) return `${pointer}: ${detail}`
  const line = file?.lineOf(pointer)
  const place = line === undefined ? '' : `${file?.name}:${line}: `
  const field = fieldOf(pointer)
  return `${place}${field === '' ? '' : `${field}: `}${detail}`
}

/** `#/tasks/0/id` → `tasks[0].id`, as people write it. */
function fieldOf(pointer: string): string {
  return partsOf(pointer)
    .map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`))
    .join('')
}

function reasonOf(error: TuttiError): string {
  return error.message.replace(/^cannot reach \S+: /, '')
}
