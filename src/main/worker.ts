import { settleHeap } from './prepare-process.ts'

const [{ runWorker }, { runProcess }] = await Promise.all([
  import('./run-worker.ts'),
  import('./run-process.ts'),
])

await runProcess('worker', async (opened) => {
  await runWorker(opened)
  settleHeap()
  // If started by `npm start`, end when that ends, however it ends.
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  process.send?.('up')
})
