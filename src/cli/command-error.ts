/** What the user should read; shown without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
