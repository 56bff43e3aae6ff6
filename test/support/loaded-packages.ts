import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

// Loaded before a program (node --import), it writes the names of the packages that were loaded to GITSOC_TEST_LOADED, one a
// line, when the process ends.
const names = new Set<string>()
registerHooks({
  load(url, context, next) {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
    if (name !== undefined) names.add(name)
    return next(url, context)
  },
})
process.on('exit', () => {
  const file = process.env.GITSOC_TEST_LOADED
  if (file !== undefined) writeFileSync(file, [...names].sort().join('\n'))
})
