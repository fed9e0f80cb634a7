import { type FieldError, type Overlap, TuttiError } from '../client/index.ts'
import { CommandError } from './command-error.ts'
import { describeOverlap } from './format.ts'
import type { PlanFile } from './plan-file.ts'
import { fieldOf, partsOf } from './pointer.ts'

/** What went wrong and what to do about it, in a sentence or a few lines. */
export function explain(error: unknown, url: string, file?: PlanFile): string {
  if (error instanceof CommandError) return error.message
  if (!(error instanceof TuttiError)) {
    return `something went wrong inside tutti itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  }
  switch (error.code) {
    case 'network-error':
      return `no service answers at ${url} (${reasonOf(error)}). Start one with \`npm start\`, or name another with --url or TUTTI_URL.`
    case 'timeout':
      return `the service at ${url} took too long to answer: ${error.message}`
    case 'bad-response':
    case 'route-not-found':
      return `the server at ${url} is not Tutti. Give its address with --url or TUTTI_URL.`
    case 'unauthorized':
      return 'the service needs a valid API key: set TUTTI_API_KEY or use --api-key.'
    default:
      return [headOf(error), ...detailsOf(error, file)].join('\n')
  }
}

/** With field errors, the message would only repeat them. */
function headOf({ message, errors, problem }: TuttiError): string {
  return errors.length > 0 ? (problem?.title ?? message) : message
}

function detailsOf({ errors, problem }: TuttiError, file: PlanFile | undefined): string[] {
  const overlaps = Array.isArray(problem?.overlaps) ? (problem.overlaps as Overlap[]) : []
  return [
    ...errors.map((each) => `  ${placeOf(each, file)}`),
    ...overlaps.map((each) => `  ${describeOverlap(each)}`),
  ]
}

/** `plan.yaml:12: tasks[0].id: must be a slug`. */
function placeOf({ pointer, detail }: FieldError, file: PlanFile | undefined): string {
  const parts = partsOf(pointer)
  if (parts === undefined) return `${pointer}: ${detail}`
  const place = file === undefined ? '' : `${file.name}:${file.lineOf(parts)}: `
  const field = fieldOf(parts)
  return `${place}${field === '' ? '' : `${field}: `}${detail}`
}

function reasonOf(error: TuttiError): string {
  return error.message.replace(/^cannot reach \S+: /, '')
}
