import { tenantId } from '../../src/core/model/index.ts'
import { createResponder } from '../../src/respond/index.ts'
import { connect, type Store } from '../../src/store/index.ts'
import { respondBundle } from './respond-bundle.ts'
import type { Point } from './respond-points.ts'

// A worker that kills itself (SIGKILL: nothing is cleaned up) at one point of one run.
interface Wanted {
  readonly databaseUrl: string
  readonly tenant: string
  readonly vendorUrl: string
  readonly workDir: string
  readonly run: string | null
  readonly point: Point | null
  readonly leaseMs: number
}
const wanted = JSON.parse(process.argv[2] ?? '{}') as Wanted
const die = () => process.kill(process.pid, 'SIGKILL')
const bundle = respondBundle()
const store = connect(wanted.databaseUrl, tenantId(wanted.tenant))
const paths = new Map<string, string>()

interface Row {
  readonly id?: string
  readonly run?: string
  readonly path?: string
  readonly outcome?: string
  readonly endedAt?: number | null
}

/** What a statement is about, for the run that is watched: a round writes rows of one kind together. */
function seen(statement: unknown, values: readonly unknown[] = []): readonly string[] {
  const name = typeof statement === 'object' && statement !== null && 'name' in statement ? String(statement.name) : ''
  if (!['write-intents', 'begin-waits', 'write-effects', 'write-runs'].includes(name)) return []
  return (JSON.parse(String(values[1])) as readonly Row[]).flatMap(({ id = '', run, path = '', outcome, endedAt }) => {
    if (name === 'write-intents' && run === wanted.run) {
      paths.set(id, path)
      return [`intent ${path}`]
    }
    if (name === 'begin-waits' && run === wanted.run) return ['intent pause']
    if (name === 'write-effects' && outcome !== undefined && paths.has(id)) return [`outcome ${paths.get(id)}`]
    if (name === 'write-runs' && id === wanted.run && typeof endedAt === 'number') return ['outcome end']
    return []
  })
}

function watched(point: Point): Store {
  const marks = {
    'before intent': `intent ${point.effect}`,
    'after intent': `intent ${point.effect}`,
    'before outcome': `outcome ${point.effect}`,
    'after outcome': `outcome ${point.effect}`,
    sent: '',
    done: '',
  }
  return {
    ...store,
    async transaction(work) {
      let hit = false
      const result = await store.transaction(async (tx) => {
        const look = (statement: unknown, values?: readonly unknown[]) => {
          if (seen(statement, values).includes(marks[point.when])) hit = true
        }
        const done = await work({
          ...tx,
          query: (statement, values) => {
            look(statement, values)
            return tx.query(statement, values)
          },
          write: (statement, values) => {
            look(statement, values)
            return tx.write(statement, values)
          },
        })
        if (hit && point.when.startsWith('before')) die()
        return done
      })
      if (hit && point.when.startsWith('after')) die()
      return result
    },
  }
}

const responder = createResponder({
  store: wanted.point === null ? store : watched(wanted.point),
  bundleOf: (digest) => (digest === bundle.digest ? bundle : undefined),
  clock: Date.now,
  places: { artifactsDir: wanted.workDir, outboxDir: wanted.workDir },
  live: {
    config: () => ({ mode: 'live', url: wanted.vendorUrl, privateAddresses: true }),
    secrets: () => ['token'],
  },
  leaseMs: wanted.leaseMs,
  onError: (error) => process.stderr.write(`${(error as Error).message}\n`),
})
await responder.start()
process.stdout.write('ready\n')
