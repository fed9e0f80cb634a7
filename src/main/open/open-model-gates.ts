import type { Logger } from 'pino'
import type { ModelGate } from '../../core/model-gate/gate.ts'
import { type PrefixGate, prefixGate } from '../../core/model-gate/prefix-gate.ts'
import type { ProviderBatchStore } from '../../core/ports/provider-batches.ts'
import { redisModelGate } from '../../store/model-gate.ts'
import { redisPrefixMarks } from '../../store/prefix-marks.ts'
import { redisProviderBatchStore } from '../../store/provider-batch-store.ts'
import { connectForWork } from '../../store/redis/connect-redis.ts'
import { loadScripts } from '../../store/scripts.ts'
import type { Config } from '../config.ts'
import { faultLog } from '../fault-log.ts'
import type { Lifecycle } from '../lifecycle.ts'

export interface ModelGates {
  gate: ModelGate
  /** Lets the first of several prompts with the same long prefix go ahead. */
  prefixes: PrefixGate
  /** Calls that go out in a provider's batches; without it, all calls are made live. */
  batches?: ProviderBatchStore
}

/**
 * The gates that all workers share, on a connection of their own: they must not queue behind
 * outputs.
 */
export async function openModelGates(options: {
  config: Config
  redisUrl: string
  lifecycle: Lifecycle
  log: Logger
}): Promise<ModelGates> {
  const { config, lifecycle, log } = options
  const faults = faultLog(log)
  const onError = (err: Error) => faults(err, 'redis connection failed')
  const redis = await connectForWork(options.redisUrl, onError)
  const space = { prefix: config.TUTTI_PREFIX, shards: config.TUTTI_SHARDS }
  const gate = redisModelGate({
    redis,
    space,
    onFault: (err, key) => log.error({ err, key }, 'model gate fault'),
  })
  lifecycle.onClose('model gate', async () => {
    gate.close()
    redis.disconnect()
  })
  const prefixes = prefixGate({
    now: Date.now,
    marks: redisPrefixMarks({ redis, space }),
    onFault: (err) => faults(err, 'prefix gate fault'),
  })
  const batches = redisProviderBatchStore({ redis, run: loadScripts(redis), space })
  return { gate, prefixes, batches }
}
