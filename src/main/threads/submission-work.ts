import { parentPort, workerData } from 'node:worker_threads'
import { ServiceError } from '../../core/contract/errors.ts'
import { dryRun } from '../../core/submit/dry-run.ts'
import { submitPlan } from '../../core/submit/submit-plan.ts'
import { parseJsonBody } from '../../http/json-body.ts'
import { connectForCallers } from '../../store/redis/connect-redis.ts'
import type { Answered, Asked } from '../../threads/large-submissions.ts'
import { loadConfig } from '../config.ts'
import { faultLog } from '../fault-log.ts'
import { createLog } from '../log.ts'
import { openBatchQueue } from '../open/open-batch-queue.ts'
import { openExecutors } from '../open/open-executors.ts'
import { openSchemaChecks } from '../open/open-schema-checks.ts'
import { openStores } from '../open/open-stores.ts'
import { submitDepsOf } from '../open/open-submit.ts'
import { openTracing } from '../open/open-tracing.ts'
import { openWorkspaces } from '../open/open-workspaces.ts'

const { redisUrl } = workerData as { redisUrl: string }
const config = loadConfig(process.env)
const tracing = await openTracing(config, 'submissions')
const { tracer } = tracing
const log = createLog(config, 'submissions', tracing.logFields)
const faults = faultLog(log)
const redis = await connectForCallers(redisUrl, (err) => faults(err, 'redis connection failed'))
const stores = openStores(redis, config)
const deps = submitDepsOf({
  config,
  stores,
  queue: await openBatchQueue(redis, stores, faults),
  executors: openExecutors(config, log, undefined, tracer),
  workspaces: openWorkspaces(config, process.env, log),
  schemas: openSchemaChecks(log),
  tracer,
  log,
})

parentPort?.on('message', (asked: Asked | 'end') => {
  if (asked === 'end') {
    void tracing.close().finally(() => process.exit())
    return
  }
  const { id } = asked
  work(asked).then(
    (value) => answer({ id, status: 'answered', value }),
    (error: unknown) => answer(refusal(id, error)),
  )
})

function work({ kind, submission }: Asked): Promise<unknown> {
  const { traceparent: parent } = submission
  return tracer.span({ name: 'submit large plan', parent }, async () => {
    const { body: sent } = submission
    // Bytes arrive as a plain Uint8Array; anything else is already parsed, but expensive to check.
    const body = sent instanceof Uint8Array ? parseJsonBody(Buffer.from(sent)) : sent
    const parsed = { ...submission, body }
    return kind === 'submit' ? submitPlan(deps, parsed) : dryRun(deps, parsed)
  })
}

function answer(answered: Answered): void {
  parentPort?.postMessage(answered)
}

function refusal(id: number, error: unknown): Answered {
  if (!(error instanceof ServiceError)) {
    return { id, status: 'failed', message: error instanceof Error ? error.message : String(error) }
  }
  const { code, message, errors, extensions, retryAfterSeconds } = error
  return { id, status: 'refused', error: { code, message, errors, extensions, retryAfterSeconds } }
}
