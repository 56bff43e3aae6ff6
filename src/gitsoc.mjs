#!/usr/bin/env node
// The entry of `npx gitsoc`: starts itself again on Node 24 from the npm package `node` when the caller's Node is older.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { fileURLToPath } from 'node:url'

if (Number(process.versions.node.split('.')[0]) >= 24) {
  // Compiled code is kept with the installed packages, where only who installed them writes; a folder for all would be a way in.
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)))
  await import('./main.ts')
} else {
  const exe = process.platform === 'win32' ? 'node.exe' : 'node'
  const node = fileURLToPath(new URL(`../node_modules/node/bin/${exe}`, import.meta.url))
  if (!existsSync(node)) {
    console.error(`gitsoc: this is Node ${process.versions.node}, gitsoc runs on Node 24`)
    console.error(
      'hint: run "npm ci" in the repository, without --ignore-scripts: it brings Node 24 as the package "node"',
    )
    process.exit(3)
  }
  const child = spawn(node, [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(signal === null ? (code ?? 1) : 128))
}
