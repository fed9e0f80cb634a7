/**
 * Cuts a text to `limit` characters. Where people read it, pass `ending`, such as an ellipsis, to
 * show that there was more. Counted in UTF-16 units, as in schemas, including the ending. Never
 * splits a surrogate pair, which most JSON readers reject.
 */
export function shorten(text: string, limit: number, ending = ''): string {
  if (text.length <= limit) return text
  const most = Math.max(0, limit - ending.length)
  const last = text.charCodeAt(most - 1)
  const isWithinPair = last >= 0xd800 && last <= 0xdbff
  const kept = text.slice(0, isWithinPair ? most - 1 : most)
  return ending === '' ? kept : `${kept.trimEnd()}${ending}`
}
