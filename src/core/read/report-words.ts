// Figures as the remarks of a report say them.

export function count(number: number, noun: string): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${number} ${number === 1 ? noun : plural}`
}

/** Decimals are meaningless for large ratios. */
export function times(ratio: number): string {
  return ratio < 10 ? `${ratio}` : Math.round(ratio).toLocaleString('en-US')
}

/** To three digits that count. */
export function dollars(usd: number): string {
  return `$${usd >= 1 ? usd.toFixed(2) : Number(usd.toPrecision(3))}`
}

/** `850 ms`, `12.3 s`, `4 min 10 s`. */
export function words(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  const seconds = Math.round(ms / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}
