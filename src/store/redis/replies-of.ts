/**
 * The replies of a pipeline or transaction.
 *
 * @throws the first error among them.
 */
export function repliesOf(replies: [error: Error | null, reply: unknown][] | null): unknown[] {
  return (replies ?? []).map(([error, reply]) => {
    if (error !== null) throw error
    return reply
  })
}
