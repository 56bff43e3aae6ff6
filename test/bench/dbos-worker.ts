import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import pg from 'pg'

// A process with DBOS in it, as dbos.ts has it do: how it takes work, what its workflows are, what it has used.
interface Handle {
  getResult(): Promise<unknown>
}
interface Dbos {
  registerWorkflow(work: (id: string) => Promise<unknown>, config: { name: string }): (id: string) => Promise<unknown>
  startWorkflow(
    work: (id: string) => Promise<unknown>,
    params: { workflowID: string; queueName?: string },
  ): (id: string) => Promise<Handle>
  runStep<T>(step: () => Promise<T>, config: { name: string }): Promise<T>
  recv(topic: string, options: { timeoutSeconds: number; pollingIntervalMs: number }): Promise<unknown>
  setConfig(config: object): void
  launch(): Promise<void>
  registerQueue(name: string, options: object): Promise<unknown>
}

/** What the parent asks for. */
export type DbosOrder =
  | { readonly order: 'start'; readonly workflow: string; readonly ids: readonly string[]; readonly queue?: string }
  | { readonly order: 'usage' }
  | { readonly order: 'end' }

const [databaseUrl = '', folder = '', executor = '', pollMs = '0', takes = ''] = process.argv.slice(2)
const require = createRequire(join(folder, 'package.json'))
const load = async (name: string) => import(pathToFileURL(require.resolve(name)).href)
const { DBOS } = (await load('@dbos-inc/dbos-sdk')) as { DBOS: Dbos }
const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 })
/** When workflows began, and when their intent was on record. */
const reached: Record<string, [began: number, intended: number]> = {}
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000
const never = new Promise<never>(() => {})

const workflows: Readonly<Record<string, (id: string) => Promise<unknown>>> = {
  // Five steps that come to nothing but their own record.
  five: async (id) => {
    for (let n = 0; n < 5; n++) await DBOS.runStep(async () => n, { name: `s${n}` })
    await pool.query('update bench_run set done = true where id = $1', [id])
  },
  // One effect: its intent is a step of its own, so that it is on record before the call.
  one: async (id) => {
    const began = now()
    await DBOS.runStep(async () => 1, { name: 'intent' })
    await DBOS.runStep(
      async () => {
        reached[id] = [began, now()]
      },
      { name: 'call' },
    )
    await pool.query('update bench_run set done = true where id = $1', [id])
  },
  held: () => never,
  waiting: () => DBOS.recv('answer', { timeoutSeconds: 28_800, pollingIntervalMs: 600_000 }),
  slow: async (id) => {
    await DBOS.runStep(() => new Promise((resolve) => setTimeout(resolve, 1000)), { name: 's' })
    await pool.query('update bench_run set done = true where id = $1', [id])
  },
}
const registered = Object.fromEntries(
  Object.entries(workflows).map(([name, work]) => [name, DBOS.registerWorkflow(work, { name })]),
)
DBOS.setConfig({
  name: 'bench',
  systemDatabaseUrl: databaseUrl,
  executorID: executor,
  applicationVersion: '1',
  logLevel: 'error',
  listenQueues: pollMs === '0' ? [] : ['runs'],
})
await DBOS.launch()
if (pollMs !== '0')
  await DBOS.registerQueue('runs', {
    workerConcurrency: 64,
    minPollingIntervalMs: Number(pollMs),
    onConflict: 'always_update',
  })

async function start({ workflow, ids, queue }: Extract<DbosOrder, { order: 'start' }>): Promise<void> {
  const work = registered[workflow]
  if (work === undefined) throw new Error(`there is no workflow ${workflow}`)
  let next = 0
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let id = ids[next++]; id !== undefined; id = ids[next++])
        await DBOS.startWorkflow(work, { workflowID: id, ...(queue === undefined ? {} : { queueName: queue }) })(id)
    }),
  )
}

/** Takes rows that nobody has taken, told by NOTIFY, and starts them directly. */
async function takeRows(): Promise<void> {
  const heard = new pg.Client({ connectionString: databaseUrl })
  let busy = false
  let again = false
  const take = async () => {
    again = true
    if (busy) return
    busy = true
    while (again) {
      again = false
      const found = await pool.query<{ id: string }>(
        `update bench_run set taken = $1 where id in (select id from bench_run where taken is null order by id limit 32 for update skip locked) returning id`,
        [executor],
      )
      await start({ order: 'start', workflow: takes, ids: found.rows.map((one) => one.id) })
      if (found.rows.length > 0) again = true
    }
    busy = false
  }
  heard.on('notification', () => void take())
  await heard.connect()
  await heard.query('listen bench_runs')
}

/** DBOS itself looks for dead executors only with a service of its own: a lease, and its internal recovery. */
async function beat(): Promise<void> {
  const { DBOSExecutor } = (await load('@dbos-inc/dbos-sdk/internal/dbos-executor')) as {
    DBOSExecutor: { globalInstance: { recoverPendingWorkflows(ids: readonly string[]): Promise<unknown> } }
  }
  setInterval(async () => {
    await pool.query(
      'insert into bench_executor values ($1, clock_timestamp()) on conflict (id) do update set seen = clock_timestamp()',
      [executor],
    )
    const dead = await pool.query<{ id: string }>(
      `delete from bench_executor where seen < clock_timestamp() - interval '2 seconds' returning id`,
    )
    if (dead.rows.length > 0) await DBOSExecutor.globalInstance.recoverPendingWorkflows(dead.rows.map((one) => one.id))
  }, 500)
}
if (takes === 'five' || takes === 'one') await takeRows()
if (takes === 'dead') await beat()

process.on('message', async (order: DbosOrder) => {
  if (order.order === 'end') process.exit()
  if (order.order === 'start') await start(order)
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000, rss: process.memoryUsage().rss, reached })
})
process.send?.('ready')
