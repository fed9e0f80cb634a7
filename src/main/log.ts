import { type Logger, pino } from 'pino'
import { LOG_SERIALIZERS } from '../http/logging.ts'
import type { Config } from './config.ts'

/** One line of JSON an event, on standard output. Prompts, outputs and keys are never logged. */
export function createLog(
  config: Pick<Config, 'LOG_LEVEL'>,
  part: string,
  /** Asked for each line. */
  moreFields?: () => object,
): Logger {
  return pino({
    ...(moreFields === undefined ? {} : { mixin: moreFields }),
    level: config.LOG_LEVEL,
    base: { part, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: LOG_SERIALIZERS,
    redact: {
      paths: ['*.authorization', '*.password', '*.apiKey', 'headers.authorization'],
      censor: '[redacted]',
    },
  })
}
