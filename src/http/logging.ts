import {
  type FastifyBaseLogger,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { LOG_SERIALIZERS } from './logged-error.ts'

/** The app's logger, which always serialises errors our way. */
export function safeLogger(logger: FastifyBaseLogger): FastifyBaseLogger {
  return logger.child({}, { serializers: LOG_SERIALIZERS })
}

/**
 * Logs one line per request, once it has been answered: no headers, no body, no query string.
 * Probes come every few seconds and are of no interest, so they are logged at `debug`.
 */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { planId, taskId } = (request.params ?? {}) as { planId?: string; taskId?: string }
    const line = {
      method: request.method,
      path: pathOf(request.url),
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime * 10) / 10,
      ...(planId === undefined ? {} : { planId }),
      ...(taskId === undefined ? {} : { taskId }),
      ...(request.caller?.tenant === undefined ? {} : { tenant: request.caller.tenant }),
    }
    if (error) request.log.info({ ...line, aborted: true }, 'request ended early')
    else if (request.routeOptions.config.isProbe) request.log.debug(line, 'request')
    else request.log.info(line, 'request')
  }

  override streamError(error: Error, request: FastifyRequest): void {
    // A caller that has seen enough closes the connection; there is no other way to end a stream
    // early.
    if ('code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE') {
      request.log.debug('stream closed by the caller')
    } else request.log.warn({ err: error }, 'stream cut off')
  }

  override writeHeadError(error: Error, request: FastifyRequest): void {
    request.log.warn({ err: error }, 'headers not written')
  }

  override defaultErrorLog(): void {}
}

export function pathOf(url: string): string {
  const end = url.search(/[?#;]/)
  return end === -1 ? url : url.slice(0, end)
}
