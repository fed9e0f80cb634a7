/**
 * Yields the lines of a body without their `\n` or `\r\n`, for NDJSON. A last line without a line
 * break is included unless it is empty. Leaving the loop closes the connection.
 *
 * @param idleTimeoutMs How long nothing at all may arrive.
 * @throws {IdleError} After that time.
 * @throws Whatever fetch throws for a broken connection.
 */
export async function* linesOf(
  body: ReadableStream<Uint8Array>,
  idleTimeoutMs: number,
): AsyncGenerator<string, void> {
  // The unfinished line, in pieces that are joined once, because a line may span many chunks.
  let unfinished: string[] = []
  for await (const text of textOf(body, idleTimeoutMs)) {
    const [first = '', ...others] = text.split('\n')
    unfinished.push(first)
    for (const next of others) {
      yield withoutReturn(unfinished.join(''))
      unfinished = [next]
    }
  }
  const last = unfinished.join('')
  if (last !== '') yield last
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

/**
 * Yields the text of a body as it arrives. Leaving the loop closes the connection.
 *
 * @throws As `linesOf`.
 */
export async function* textOf(
  body: ReadableStream<Uint8Array>,
  idleTimeoutMs: number,
): AsyncGenerator<string, void> {
  const reader = body.getReader()
  // Also drops a byte order mark at the start, as both formats require.
  const decoder = new TextDecoder()
  try {
    while (true) {
      const { done, value } = await withinIdleTime(reader.read(), idleTimeoutMs)
      const text = done ? decoder.decode() : decoder.decode(value, { stream: true })
      if (text !== '') yield text
      if (done) return
    }
  } finally {
    // Settles after the connection is closed; a broken one rejects, which is nothing new.
    reader.cancel().catch(() => {})
  }
}

/** Nothing arrived for too long: the other side, or something in between, has silently gone. */
export class IdleError extends Error {
  override readonly name = 'IdleError'
}

async function withinIdleTime<T>(arrival: Promise<T>, idleTimeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const idle = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new IdleError(`nothing arrived for ${idleTimeoutMs} ms`)),
      idleTimeoutMs,
    )
  })
  try {
    return await Promise.race([arrival, idle])
  } finally {
    clearTimeout(timer)
  }
}
