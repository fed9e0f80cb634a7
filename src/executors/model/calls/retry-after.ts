const LONGEST_MS = 24 * 3_600_000

/**
 * How long a provider's refusal asks to wait, in milliseconds from `now`: `retry-after-ms`,
 * `Retry-After` in seconds or as a date (RFC 9110), otherwise the reset of an exhausted limit, as
 * sent by Anthropic (a time) and OpenAI (`6m0s`, `20ms`). Header names must be in lower case.
 */
export function retryAfterMs(
  headers: Record<string, string> | undefined,
  now: number = Date.now(),
): number | undefined {
  if (headers === undefined) return undefined
  const milliseconds = Number.parseFloat(headers['retry-after-ms'] ?? '')
  if (Number.isFinite(milliseconds)) return within(milliseconds)
  const retryAfter = headers['retry-after']?.trim()
  if (retryAfter !== undefined && retryAfter !== '') {
    const seconds = Number(retryAfter)
    if (Number.isFinite(seconds)) return within(seconds * 1_000)
    const date = Date.parse(retryAfter)
    if (Number.isFinite(date)) return within(date - now)
  }
  const resets = Object.entries(headers).flatMap(([name, left]) => {
    if (!name.includes('ratelimit') || !name.includes('remaining') || Number(left) > 0) return []
    const reset = headers[resetNameOf(name)]
    const ms = reset === undefined ? undefined : (duration(reset) ?? Date.parse(reset) - now)
    return ms === undefined || !Number.isFinite(ms) ? [] : [ms]
  })
  return resets.length === 0 ? undefined : within(Math.max(...resets))
}

/** Works for `x-ratelimit-remaining-tokens` and `anthropic-ratelimit-tokens-remaining` alike. */
function resetNameOf(remainingName: string): string {
  return remainingName.replace('remaining', 'reset')
}

/** `1h2m3.5s`, `20ms` or plain seconds, in milliseconds. */
function duration(text: string): number | undefined {
  const plain = Number(text)
  if (text.trim() !== '' && Number.isFinite(plain)) return plain * 1_000
  const parts = [...text.matchAll(/(?<!\d)(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== text.trim()) return undefined
  const units: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (units[unit ?? ''] ?? 0), 0)
}

function within(ms: number): number {
  return Math.min(LONGEST_MS, Math.max(0, Math.ceil(ms)))
}
