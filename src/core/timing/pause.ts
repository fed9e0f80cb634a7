/** Resolves after `ms`, or as soon as one of the signals aborts. */
export function pause(ms: number, ...signals: AbortSignal[]): Promise<void> {
  return new Promise((resolve) => {
    if (signals.some((signal) => signal.aborted)) return resolve()
    const timer = setTimeout(over, ms)
    function over() {
      clearTimeout(timer)
      for (const signal of signals) signal.removeEventListener('abort', over)
      resolve()
    }
    for (const signal of signals) signal.addEventListener('abort', over)
  })
}
