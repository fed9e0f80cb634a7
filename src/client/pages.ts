/** One page of a list; `nextCursor` is `null` on the last one. */
export interface Page<T> {
  items: T[]
  nextCursor: string | null
}

/** Yields the items of all pages; each page is fetched when it is reached. */
export async function* itemsOf<T>(
  page: (cursor: string | undefined) => Promise<Page<T>>,
): AsyncGenerator<T, void> {
  let cursor: string | undefined
  do {
    const { items, nextCursor } = await page(cursor)
    yield* items
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined)
}
