import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/claude-agent/**/*.test.ts'],
    globalSetup: ['test/claude-agent/install-sdk.ts'],
    testTimeout: 60_000,
    // Each agent is a process that takes most of a second of a core.
    fileParallelism: false,
  },
})
