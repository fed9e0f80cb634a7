/**
 * The beginning of a text that is longer than `limit`, with `ending` behind it where people read it: an
 * ellipsis says to them that there was more. Counted in UTF-16 units, as in schemas, the ending included;
 * never half of a surrogate pair, which most readers of JSON refuse.
 */
export function shorten(text: string, limit: number, ending = ''): string {
  if (text.length <= limit) return text
  const most = Math.max(0, limit - ending.length)
  const last = text.charCodeAt(most - 1)
  const isWithinPair = last >= 0xd800 && last <= 0xdbff
  const kept = text.slice(0, isWithinPair ? most - 1 : most)
  return ending === '' ? kept : `${kept.trimEnd()}${ending}`
}
