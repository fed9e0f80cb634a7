/** An error for the user to read; shown without a stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}
