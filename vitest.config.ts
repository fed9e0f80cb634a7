import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**', 'test/claude-agent/**', 'node_modules/**'],
    globalSetup: ['test/support/redis-server.ts'],
    // Tests of the service wait far more than they compute.
    maxWorkers: Math.max(4, availableParallelism()),
    // Real Redis, real child processes. Tests wait for conditions; these only end one that hangs, and must
    // not end one on a machine whose cores are busy with something else.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
  },
})
