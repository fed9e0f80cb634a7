import { useState } from 'react'

/** The first items of a long list, and more on demand: a page of thousands is slow to render. */
export function usePaging<T>(
  items: readonly T[],
  pageSize: number,
): { shown: readonly T[]; left: number; more: () => void } {
  const [limit, setLimit] = useState(pageSize)
  return {
    shown: items.slice(0, limit),
    left: Math.max(0, items.length - limit),
    more: () => setLimit((before) => before + pageSize),
  }
}
