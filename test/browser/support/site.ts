import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DEFAULT_LIMITS } from '../../../src/core/contract/limits.ts'
import { buildApp } from '../../../src/http/app.ts'
import { DASHBOARD_DIR } from '../../../src/http/routes/dashboard.ts'
import { parseApiKeys } from '../../../src/http/security/api-keys.ts'
import { createStage, type Stage } from './staged-api.ts'

export interface Site {
  url: string
  stage: Stage
  close(): Promise<void>
}

interface SiteOptions {
  /** `tenant:sha256-of-key`, as the operator writes it. */
  keys?: string
}

/** The real HTTP side of the service, with its headers and policies, on a stage. */
export async function openSite(options: SiteOptions = {}): Promise<Site> {
  if (!existsSync(join(DASHBOARD_DIR, 'index.html'))) {
    throw new Error('The dashboard is not built: run `npm run build:dashboard` first.')
  }
  const stage = createStage()
  const app = await buildApp({
    api: stage.api,
    limits: DEFAULT_LIMITS,
    ...(options.keys === undefined ? {} : { keys: parseApiKeys(options.keys) }),
    heartbeatMs: 1_000,
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { url, stage, close: () => app.close() }
}
