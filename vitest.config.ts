import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/claude-agent/**', 'node_modules/**'],
    globalSetup: ['test/support/redis-server.ts'],
    // Tests of the service wait far more than they compute.
    maxWorkers: Math.max(4, availableParallelism()),
    // Real Redis, real child processes: slower than a mock, still far below these.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
