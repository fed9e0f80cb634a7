import { createContext, type ReactNode, useContext } from 'react'
import { ApiError, type FieldError } from '../api/client.ts'
import { fieldName, sentence } from './field-words.ts'

const Errors = createContext<readonly FieldError[]>([])

/** The service's errors in a submission, field by field. */
export function FieldErrors(props: { errors: readonly FieldError[]; children: ReactNode }) {
  return <Errors.Provider value={props.errors}>{props.children}</Errors.Provider>
}

/** The error of the field at a path such as `/tasks/0/task`, or of something inside it. */
export function useFieldError(path: string): string | undefined {
  const errors = useContext(Errors)
  const found = errors.filter(({ pointer }) => {
    const at = pointer.replace(/^#/, '')
    return at === path || at.startsWith(`${path}/`)
  })
  if (found.length === 0) return undefined
  return found
    .map(({ pointer, detail }) =>
      // Names what is inside the field, because the field alone would not show where.
      pointer.replace(/^#/, '') === path
        ? sentence(detail)
        : `${fieldName(pointer)}: ${sentence(detail)}`,
    )
    .join('\n')
}

export function fieldErrorsOf(error: unknown): readonly FieldError[] {
  return error instanceof ApiError ? (error.problem.errors ?? []) : []
}
