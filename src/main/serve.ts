import { settleHeap } from './prepare-process.ts'

const [{ openServer }, { requireRedisUrl, runProcess }] = await Promise.all([
  import('./open/open-server.ts'),
  import('./run-process.ts'),
])

await runProcess('api', async (opened) => {
  await openServer({ ...opened, redisUrl: requireRedisUrl(opened.config), env: process.env })
  settleHeap()
  process.send?.('up')
})
