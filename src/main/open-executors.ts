import type { Logger } from 'pino'
import type { Executor } from '../core/ports.ts'
import { echoExecutor } from '../executors/echo.ts'
import { staticExecutor } from '../executors/static/static-executor.ts'
import type { Config } from './config.ts'

export interface Executors {
  byName: ReadonlyMap<string, Executor>
  defaultName: string
}

export function openExecutors(config: Config, _log: Logger): Executors {
  const all: Executor[] = [echoExecutor, staticExecutor()]
  const byName = new Map(all.map((executor) => [executor.name, executor]))
  const defaultName =
    config.TUTTI_EXECUTOR ?? (config.TUTTI_MODEL === undefined ? 'static' : 'model')
  if (!byName.has(defaultName)) {
    throw new Error(
      `TUTTI_EXECUTOR is "${defaultName}"; there are ${[...byName.keys()].join(', ')}`,
    )
  }
  return { byName, defaultName }
}
