import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const programs = ['/usr/bin/unshare', '/bin/unshare']
const here = fileURLToPath(import.meta.url)
const timeoutMs = 10_000

let known: readonly string[] | null | undefined

/**
 * The words before a command that give it a network of its own with nothing in it, not even loopback (Linux, unshare(1), a
 * namespace of users and of networks; what runs keeps its process id). Null where the system does not allow it, as found by trying once.
 */
export function emptyNetwork(): readonly string[] | null {
  if (known === undefined) known = programs.map(wordsOf).find(works) ?? null
  return known
}

const wordsOf = (program: string) => [program, '--user', '--map-root-user', '--net', '--']

function works([program = '', ...words]: readonly string[]): boolean {
  if (!existsSync(program)) return false
  // What belongs to another user may be out of reach in a namespace: the trial reads our own code.
  const script =
    'require("node:fs").readFileSync(process.argv[1]); process.exit(Object.keys(require("node:os").networkInterfaces()).length)'
  return (
    spawnSync(program, [...words, process.execPath, '-e', script, here], {
      env: {},
      timeout: timeoutMs,
      stdio: 'ignore',
    }).status === 0
  )
}
