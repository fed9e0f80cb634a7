import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, pino } from 'pino'
import { LOG_SERIALIZERS } from '../http/logged-error.ts'
import type { Config } from './config.ts'

const require = createRequire(import.meta.url)

/** One event per line, on standard output. Prompts, outputs and keys are never logged. */
export function createLog(
  config: Pick<Config, 'LOG_LEVEL' | 'LOG_FORMAT'>,
  part: string,
  /** Called for each line. */
  moreFields?: () => object,
): Logger {
  const options = {
    ...(moreFields === undefined ? {} : { mixin: moreFields }),
    level: config.LOG_LEVEL,
    base: { part, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: LOG_SERIALIZERS,
    redact: {
      paths: ['*.authorization', '*.password', '*.apiKey', 'headers.authorization'],
      censor: '[redacted]',
    },
  }
  return logsText(config) ? pino(options, textStream()) : pino(options)
}

/** Whether lines are for people: as LOG_FORMAT says, otherwise only on a terminal. */
export function logsText({ LOG_FORMAT }: Pick<Config, 'LOG_FORMAT'>): boolean {
  return LOG_FORMAT === undefined ? process.stdout.isTTY === true : LOG_FORMAT === 'text'
}

/** `21:04:12 INFO api: request method=GET …`, with colours on a terminal. */
function textStream(): DestinationStream {
  // Loaded only if needed: most processes write JSON.
  const pretty = require('pino-pretty') as typeof import('pino-pretty')
  return pretty({
    colorize: process.stdout.isTTY === true,
    ignore: 'pid,part',
    messageFormat: '{part}: {msg}',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  })
}
