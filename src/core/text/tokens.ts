/**
 * A guess at the tokens of a text, good to about a quarter: four characters a token in English and
 * code, and about one for scripts with a character a syllable or a word.
 */
export function estimateTokens(text: string): number {
  let wide = 0
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0x2fff) wide += 1
  return Math.ceil((text.length - wide) / 4 + wide)
}

/** Divides `total` so that nobody gets more than asked for, and what small ones leave goes to large ones. */
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
