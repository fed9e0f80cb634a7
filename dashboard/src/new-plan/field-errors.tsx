import { createContext, type ReactNode, useContext } from 'react'
import { ApiError, type FieldError } from '../api/client.ts'
import { fieldName, sentence } from './field-words.ts'

const Errors = createContext<readonly FieldError[]>([])

/** What the service said is wrong with a submission, field by field. */
export function FieldErrors(props: { errors: readonly FieldError[]; children: ReactNode }) {
  return <Errors.Provider value={props.errors}>{props.children}</Errors.Provider>
}

/** What is wrong with the field at a path such as `/tasks/0/task`, or with what lies inside of it. */
export function useFieldError(path: string): string | undefined {
  const errors = useContext(Errors)
  const found = errors.filter(({ pointer }) => {
    const at = pointer.replace(/^#/, '')
    return at === path || at.startsWith(`${path}/`)
  })
  if (found.length === 0) return undefined
  return found
    .map(({ pointer, detail }) =>
      // What lies inside of the field is named, because the field alone would not say where.
      pointer.replace(/^#/, '') === path
        ? sentence(detail)
        : `${fieldName(pointer)}: ${sentence(detail)}`,
    )
    .join('\n')
}

export function fieldErrorsOf(error: unknown): readonly FieldError[] {
  return error instanceof ApiError ? (error.problem.errors ?? []) : []
}
