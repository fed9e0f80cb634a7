import type { Logger } from 'pino'
import type { Workspaces } from '../../core/ports/workspaces.ts'
import { workspaces } from '../../workspace/workspaces.ts'
import type { Config } from '../config.ts'

/** What git needs from the environment; everything else stays here. */
const FOR_GIT = ['PATH', 'HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR']

export function openWorkspaces(config: Config, env: NodeJS.ProcessEnv, log: Logger): Workspaces {
  const environment = Object.fromEntries(
    FOR_GIT.flatMap((name) => {
      const value = env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
  return workspaces({
    dataDir: config.TUTTI_DATA_DIR,
    roots: config.TUTTI_WORKSPACE_ROOTS,
    gitHosts: config.TUTTI_GIT_HOSTS,
    gitSchemes: config.TUTTI_GIT_SCHEMES,
    credentials: config.TUTTI_GIT_CREDENTIALS,
    environment,
    log: { warn: (fields, message) => log.warn(fields, message) },
  })
}
