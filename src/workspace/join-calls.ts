/** Joins concurrent calls for the same key: the later ones get the result of the first. */
export function joinCalls<T>(): (key: string, work: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<T>>()
  return (key, work) => {
    const found = running.get(key)
    if (found !== undefined) return found
    const started = work().finally(() => running.delete(key))
    running.set(key, started)
    return started
  }
}
