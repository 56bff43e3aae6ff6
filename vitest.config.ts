import { defineConfig } from 'vitest/config'
import { scratchRoot } from './test/support/scratch-root.ts'

// Set before workers start: they and what they start put their temporary files there.
process.env.TMPDIR = scratchRoot()

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/server.ts'],
    setupFiles: ['test/support/seed.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
})
