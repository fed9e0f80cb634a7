import { type RefObject, useRef } from 'react'

interface ListCursor {
  move: (by: number) => void
  /** Records where the focus is if it got there in another way. */
  note: (index: number) => void
  current: () => number
}

/**
 * Moves the focus along a virtualised list, where rows outside the view do not exist in the page. A
 * row's control is found by `data-row="<index>"`.
 */
export function useListCursor(
  container: RefObject<HTMLElement | null>,
  count: number,
  scrollTo: (index: number) => void,
): ListCursor {
  const index = useRef(-1)

  function focusRow(triesLeft: number) {
    const row = container.current?.querySelector<HTMLElement>(`[data-row="${index.current}"]`)
    if (row) row.focus({ preventScroll: true })
    // Not rendered yet: the list renders it in one of the next frames.
    else if (triesLeft > 0) requestAnimationFrame(() => focusRow(triesLeft - 1))
  }

  return {
    move(by) {
      if (count === 0) return
      index.current = Math.min(Math.max(index.current + by, 0), count - 1)
      scrollTo(index.current)
      focusRow(10)
    },
    note(at) {
      index.current = at
    },
    current: () => index.current,
  }
}
