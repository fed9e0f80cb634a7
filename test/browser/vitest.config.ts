import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: ['test/support/redis-server.ts'],
    // More browsers, each with its service, are more than a small machine likes.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A page follows what it is told within seconds, on a busy machine too.
    expect: { poll: { timeout: 15_000, interval: 50 } },
  },
})
