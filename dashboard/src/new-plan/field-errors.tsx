import { createContext, type ReactNode, useContext } from 'react'
import { ApiError, type FieldError } from '../api/client.ts'

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
  return found.length === 0 ? undefined : found.map(({ detail }) => detail).join('; ')
}

export function fieldErrorsOf(error: unknown): readonly FieldError[] {
  return error instanceof ApiError ? (error.problem.errors ?? []) : []
}
