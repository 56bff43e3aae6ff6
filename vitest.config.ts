import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { useRunFolder } from './test/support/run-folder.ts'
import { scratchRoot } from './test/support/scratch-root.ts'

// Set before workers start, for them and for what they start: temporary files, and code that was compiled once.
useRunFolder(scratchRoot())
process.env.NODE_COMPILE_CACHE = join(import.meta.dirname, 'node_modules/.cache/node')

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
