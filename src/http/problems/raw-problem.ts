import type { Socket } from 'node:net'
import { PROBLEM_TYPE } from './problem.ts'
import { STATUS_CODES } from './status-codes.ts'

const DETAILS: Record<number, string> = {
  408: 'The request took too long to arrive.',
  413: 'The extensions of a chunk are too large.',
  431: 'The headers of the request are too large.',
}

const STATUS_BY_CODE: Record<string, number> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
}

/** Answers what Node cannot parse as HTTP, so that it never becomes a request. */
export function answerBadHttp(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = STATUS_BY_CODE[error.code ?? ''] ?? 400
  const title = STATUS_CODES[status]
  const body = JSON.stringify({
    type: '/problems/bad-http',
    title,
    status,
    code: 'bad-http',
    detail: DETAILS[status] ?? 'The request cannot be read as HTTP.',
  })
  socket.end(
    [
      `HTTP/1.1 ${status} ${title}`,
      `Content-Type: ${PROBLEM_TYPE}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}
