import { openServer } from './open/open-server.ts'
import { requireRedisUrl, runProcess } from './run-process.ts'

await runProcess('api', async (opened) => {
  await openServer({ ...opened, redisUrl: requireRedisUrl(opened.config), env: process.env })
  process.send?.('up')
})
