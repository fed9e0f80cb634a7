/**
 * Estimates the tokens of a text to within about a quarter: four characters per token in English
 * and code, about one in scripts whose characters are syllables or words.
 */
export function estimateTokens(text: string): number {
  let wide = 0
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x2fff) wide += 1
  return Math.ceil((text.length - wide) / 4 + wide)
}

/**
 * Divides `total` so that nobody gets more than they asked for; what small requests leave goes to
 * large ones.
 */
export function fairShares(wanted: readonly number[], total: number): number[] {
  const shares = wanted.map(() => 0)
  const ascending = wanted.map((size, index) => ({ size, index })).sort((a, b) => a.size - b.size)
  let left = total
  for (const [position, { size, index }] of ascending.entries()) {
    const share = Math.min(size, Math.floor(left / (ascending.length - position)))
    shares[index] = share
    left -= share
  }
  return shares
}
