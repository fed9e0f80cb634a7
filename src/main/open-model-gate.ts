import type { Logger } from 'pino'
import type { ModelGate } from '../core/model-gate/gate.ts'
import { redisModelGate } from '../store/model-gate.ts'
import { connectForWork } from '../store/redis.ts'
import type { Config } from './config.ts'
import type { Lifecycle } from './lifecycle.ts'

/** The gate that all workers share, on a connection of its own: it must not queue behind outputs. */
export async function openModelGate(options: {
  config: Config
  redisUrl: string
  lifecycle: Lifecycle
  log: Logger
}): Promise<ModelGate> {
  const { config, lifecycle, log } = options
  const onError = (err: Error) => log.warn({ err }, 'redis connection failed')
  const redis = await connectForWork(options.redisUrl, onError)
  const gate = redisModelGate({
    redis,
    space: { prefix: config.TUTTI_PREFIX, shards: config.TUTTI_SHARDS },
    onFault: (err, key) => log.error({ err, key }, 'model gate fault'),
  })
  lifecycle.onClose('model gate', async () => {
    gate.close()
    redis.disconnect()
  })
  return gate
}
