import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { Socket } from 'node:net'
import { join } from 'node:path'

/** Reads until whoever holds the other end is gone, stops the servers whose data lie below the folder, and removes it. */
const watcher = `
cat > /dev/null
for file in "$0"/*/pgdata/postmaster.pid "$0"/*/*/pgdata/postmaster.pid; do
  [ -f "$file" ] || continue
  pid=$(head -n 1 "$file")
  ps -o args= -p "$pid" | grep -qF "$0" && kill -INT "$pid"
done
sleep 1
rm -rf "$0"`

/**
 * Makes a folder for what this process throws away, which the temporary files of it and of what it starts go into. When the process is
 * gone, by kill -9 too, the PostgreSQL servers below the folder are stopped and it is removed (not on Windows).
 */
export function useRunFolder(root: string): void {
  const dir = join(root, `gitsoc-run-${process.pid}-${Date.now().toString(36)}`)
  // The server, which does not run as root, has to get through.
  mkdirSync(dir, { mode: 0o711 })
  process.env.TMPDIR = dir
  if (process.platform === 'win32') return
  const child = spawn('sh', ['-c', watcher, dir], { detached: true, cwd: '/', stdio: ['pipe', 'ignore', 'ignore'] })
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
}
