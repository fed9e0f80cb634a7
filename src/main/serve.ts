import { openServer } from './open-server.ts'
import { requireRedisUrl, runProcess } from './run-process.ts'

await runProcess('api', async ({ config, lifecycle, log }) => {
  await openServer({ config, redisUrl: requireRedisUrl(config), env: process.env, lifecycle, log })
  process.send?.('up')
})
