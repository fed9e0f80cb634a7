/**
 * Runs work that changes or needs the whole folder one after another, in the order of the calls.
 */
export type InOrder = <T>(work: () => Promise<T>) => Promise<T>

export function oneAfterAnother(): InOrder {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const result = last.then(work)
    last = result.catch(() => {})
    return result
  }
}
