import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { findBinaries } from './binaries.ts'
import { isAlive, takeLock } from './lock.ts'
import { checkReachable, type Identity, makeDirectory, own, unprivileged } from './server-user.ts'

// The driver has these, its types do not name them.
declare module 'pg' {
  interface Client {
    ref(): void
    unref(): void
  }
}

/** A running embedded server. */
export interface Embedded {
  /** Connection string of the owner, database `gitsoc`. */
  readonly url: string
  /** Whether this call started it, or found it running. */
  readonly started: boolean
  /** Stops the server unless somebody else is still connected. */
  stop(): Promise<void>
}

const readyTimeoutMs = 30_000

/**
 * PostgreSQL 18 as a child process in `dir`, created on first use. A server that a killed process left behind is found
 * and used; a second starter waits for the first. Started by root the server runs as `nobody`.
 */
export async function startEmbedded(
  dir: string,
  options: { settings?: Record<string, string>; port?: number } = {},
): Promise<Embedded> {
  const root = resolve(dir)
  const data = join(root, 'pgdata')
  const user = process.getuid?.() === 0 ? await unprivileged() : {}
  await makeDirectory(root, user)
  const release = await takeLock(join(root, 'starting.lock'), readyTimeoutMs)
  try {
    const password = await passwordOf(join(root, 'password'))
    let running = await readPid(data)
    for (const deadline = Date.now() + readyTimeoutMs; running?.status === 'stopping' && Date.now() < deadline; ) {
      await wait(15)
      running = await readPid(data)
    }
    if (running !== null && (await answers(urlOf(password, running.port))))
      return await handle(running, password, data, false)
    if (running !== null && isAlive(running.pid) && running.status !== 'stopping') {
      throw new Error(
        `process ${running.pid} holds ${data} but does not answer as our server; stop it or choose another --store`,
      )
    }
    const { initdb, postgres } = await findBinaries()
    await checkReachable(postgres, user)
    await initialise(initdb, data, root, password, user)
    const port = options.port ?? (await freePort())
    // Without statistics a tenant's rows look few and are read whole: a fresh store is looked at after seconds, not a minute.
    const chosen = { shared_buffers: '128MB', max_connections: '60', wal_compression: 'on', autovacuum_naptime: '10s' }
    const settings = { ...chosen, ...options.settings }
    const log = await logFile(join(root, 'server.log'), user)
    const child = spawn(
      postgres,
      [
        ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
        ...Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
      ],
      {
        ...user,
        detached: true,
        cwd: data,
        stdio: ['ignore', 'ignore', log.fd],
        env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH ?? '' },
      },
    )
    await log.close()
    child.unref()
    let exit: string | null = null
    child.on('exit', (code, signal) => {
      exit = `exit ${code ?? signal}`
    })
    child.on('error', (error) => {
      exit = error.message
    })
    for (const deadline = Date.now() + readyTimeoutMs; ; await wait(15)) {
      const state = await readPid(data)
      if (state !== null && state.status === 'ready' && state.port === port)
        return await handle(state, password, data, true)
      if (exit !== null || Date.now() > deadline) {
        const log = await readFile(join(root, 'server.log'), 'utf8').catch(() => '')
        throw new Error(
          `PostgreSQL did not start (${exit ?? 'no answer in 30 s'}): ${log.trim().split('\n').at(-1) ?? ''}`,
        )
      }
    }
  } finally {
    await release()
  }
}

interface PidFile {
  readonly pid: number
  readonly port: number
  readonly status: string
}

async function readPid(data: string): Promise<PidFile | null> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => null)
  const lines = text?.split('\n') ?? []
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0 || lines[1] !== data || !isAlive(pid)) return null
  if (!(await isServerOf(pid, data))) return null
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() ?? '' }
}

/** After a crash or in a new container the number may belong to another process; where there is no /proc we cannot tell. */
async function isServerOf(pid: number, data: string): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  if (line === null) return true
  return line.split('\0').includes(data) || line.startsWith('postgres')
}

const urlOf = (password: string, port: number) => `postgres://gitsoc:${password}@127.0.0.1:${port}/gitsoc`

async function handle(state: PidFile, password: string, data: string, started: boolean): Promise<Embedded> {
  const url = urlOf(password, state.port)
  await createDatabase(url)
  const hold = await holdOn(url)
  return {
    url,
    started,
    async stop() {
      // Nobody may find the server while it is decided whether to stop it.
      const release = await takeLock(join(dirname(data), 'starting.lock'), readyTimeoutMs)
      try {
        const last = !(await othersConnected(hold))
        await hold.end().catch(() => {})
        if (!last || (await readPid(data))?.pid !== state.pid) return
        process.kill(state.pid, 'SIGINT')
        const deadline = Date.now() + 10_000
        while (isAlive(state.pid) && (await isServerOf(state.pid, data)) && Date.now() < deadline) await wait(10)
      } finally {
        await release()
      }
    },
  }
}

/** The connection by which others see that the server is in use. It keeps no process alive. */
async function holdOn(url: string): Promise<pg.Client> {
  const hold = new pg.Client({
    connectionString: url.replace(/\/gitsoc$/, '/postgres'),
    connectionTimeoutMillis: 3000,
    application_name: 'gitsoc hold',
  })
  hold.on('error', () => {})
  await hold.connect()
  hold.unref()
  return hold
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

async function createDatabase(url: string): Promise<void> {
  await withClient(url.replace(/\/gitsoc$/, '/postgres'), async (client) => {
    const found = await client.query(`select from pg_database where datname = 'gitsoc'`)
    if (found.rowCount === 0) await client.query('create database gitsoc')
  })
}

async function answers(url: string): Promise<boolean> {
  return withClient(url.replace(/\/gitsoc$/, '/postgres'), async () => true).catch(() => false)
}

/** A pool's connections are still there for a moment after it was closed, so those without a holder get that moment. */
async function othersConnected(hold: pg.Client): Promise<boolean> {
  hold.ref()
  for (const deadline = Date.now() + 500; ; await wait(10)) {
    const found = await hold
      .query<{ n: number; holders: number }>(
        `select count(*)::int as n, (count(*) filter (where application_name = 'gitsoc hold'))::int as holders
         from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      )
      .catch(() => null)
    const { n, holders } = found?.rows[0] ?? { n: 0, holders: 0 }
    if (n === 0) return false
    if (holders > 0 || Date.now() > deadline) return true
  }
}

async function initialise(initdb: string, data: string, root: string, password: string, user: Identity): Promise<void> {
  if ((await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => null)) !== null) return
  await rm(data, { recursive: true, force: true })
  await mkdir(data, { mode: 0o700 })
  const secret = join(root, 'initdb.password')
  await writeFile(secret, password, { mode: 0o600 })
  await own(data, user)
  await own(secret, user)
  try {
    await promisify(execFile)(
      initdb,
      [
        '-D',
        data,
        '-U',
        'gitsoc',
        '-A',
        'scram-sha-256',
        '--pwfile',
        secret,
        '-E',
        'UTF8',
        '--locale=C.UTF-8',
        '--no-instructions',
      ],
      { ...user, cwd: data, env: { LC_ALL: 'C.UTF-8', PATH: process.env.PATH ?? '' } },
    )
  } catch (error) {
    await rm(data, { recursive: true, force: true })
    throw new Error(
      `initdb failed in ${data}: ${(error as { stderr?: string }).stderr?.trim() || (error as Error).message}`,
    )
  } finally {
    await rm(secret, { force: true })
  }
}

async function passwordOf(file: string): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known !== null) return known
  const made = randomBytes(24).toString('hex')
  await writeFile(file, made, { mode: 0o600 })
  return made
}

async function logFile(file: string, user: Identity): Promise<FileHandle> {
  const log = await open(file, 'w', 0o600)
  await own(file, user)
  return log
}

async function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const server = createServer()
    server.on('error', failed)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => found(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
