import diagnostics from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import type { Store, Tx } from '../../../src/store/index.ts'

/** On which side of an outside step a worker stands. */
export const phases = [
  'before statement',
  'before commit',
  'after commit',
  'before request',
  'vendor asked',
  'vendor did it',
  'answer came',
  'at rest',
] as const
export type Phase = (typeof phases)[number]

/** A numbered moment of a worker's life. `step` names the outside step and counts it: `write-intents lock-u1 #1`. */
export interface Point {
  readonly phase: Phase
  readonly step: string
}
export type Reached = (phase: Phase, steps: readonly string[]) => void

/** Counts steps of the same name. */
export function counter(): (name: string) => string {
  const counts = new Map<string, number>()
  return (name) => {
    const n = (counts.get(name) ?? 0) + 1
    counts.set(name, n)
    return `${name} #${n}`
  }
}

interface OpenEffect {
  readonly id: string
  readonly path: string
}

/** The texts of each row that a statement writes: rows come as arrays of their columns, as one JSON text, or alone. */
function rowsIn(values: readonly unknown[]): readonly (readonly string[])[] {
  const texts = (row: readonly unknown[]) => row.filter((one) => typeof one === 'string')
  const columns = values.filter((one) => Array.isArray(one)) as readonly (readonly unknown[])[]
  if (columns.length > 0) return (columns[0] ?? []).map((_, n) => texts(columns.map((column) => column[n])))
  const json = values.find((one) => typeof one === 'string' && one.startsWith('['))
  if (typeof json !== 'string') return [texts(values)]
  return (JSON.parse(json) as readonly object[]).map((row) => texts(Object.values(row)))
}

/**
 * A store that says when it comes to an outside step: each statement that writes and that somebody waits for, the first of
 * those that are sent together, and the commits of transactions that wrote. A step that holds several rows has several names.
 * `isPath` knows a step of the playbook when it sees one.
 */
export function watchedStore(store: Store, isPath: (text: string) => boolean, reached: Reached): Store {
  const count = counter()
  const paths = new Map<string, string>()
  const pathOf = (row: readonly string[]) => {
    const effect = row.find((one) => one.startsWith('ef-'))
    if (effect === undefined) return row.find(isPath) ?? ''
    const path = paths.get(effect) ?? row.find(isPath) ?? ''
    if (path !== '') paths.set(effect, path)
    return path
  }
  const namesOf = (statement: Parameters<Tx['query']>[0], values: readonly unknown[] = []): readonly string[] => {
    const text = typeof statement === 'string' ? statement : statement.text
    const name = typeof statement === 'string' ? text.trim().split(/\s+/).slice(0, 3).join(' ') : statement.name
    // Signs of life come by timer, and the chain is looked for each time.
    if (['replica-beat', 'ensure-audit'].includes(name) || name === 'delete from replica') return []
    if (!/\b(insert|update|delete)\b/i.test(text.replace(/for (no key )?update/gi, ''))) return []
    return rowsIn(values).map((row) => count(`${name} ${pathOf(row)}`.trim()))
  }
  return {
    ...store,
    async transaction(work, durable) {
      const written: string[] = []
      const result = await store.transaction(async (tx) => {
        let isGathering = false
        const see = (names: readonly string[], isWaitedFor: boolean) => {
          if (names.length > 0 && !isGathering) reached('before statement', names)
          isGathering = !isWaitedFor && (isGathering || names.length > 0)
          written.push(...names)
        }
        const done = await work({
          ...tx,
          async query<Found>(...[statement, values]: Parameters<Tx['query']>) {
            see(namesOf(statement, values), true)
            const found = await tx.query<Found>(statement, values)
            for (const { id, path } of found.rows as readonly Partial<OpenEffect>[])
              if (id?.startsWith?.('ef-') && path !== undefined) paths.set(id, path)
            return found
          },
          write(statement, values) {
            see(namesOf(statement, values), false)
            return tx.write(statement, values)
          },
        })
        if (written.length > 0) {
          // What was sent has left this process.
          await turn()
          reached('before commit', written)
        }
        return done
      }, durable)
      if (written.length > 0) reached('after commit', written)
      return result
    },
  }
}

/** Says when a request is about to leave this process, and when its answer has come in and was not read yet. */
export function watchRequests(reached: Reached): () => void {
  const count = counter()
  const names = new WeakMap<ClientRequest, string>()
  const begun = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest }
    const name = count(`${request.method} ${request.path}`)
    names.set(request, name)
    reached('before request', [name])
  }
  const came = (message: unknown) => {
    const { request } = message as { readonly request: ClientRequest }
    reached('answer came', [names.get(request) ?? ''])
  }
  diagnostics.subscribe('http.client.request.created', begun)
  diagnostics.subscribe('http.client.response.finish', came)
  return () => {
    diagnostics.unsubscribe('http.client.request.created', begun)
    diagnostics.unsubscribe('http.client.response.finish', came)
  }
}
