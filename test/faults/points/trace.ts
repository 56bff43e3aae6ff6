import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Store, verifyAudit } from '../../../src/store/index.ts'
import { rowsOf } from './drive.ts'

/** What a scenario has left behind, without what differs from tenant to tenant. */
export interface Trace {
  readonly lines: readonly Line[]
  /** Paths of steps as they ended, run by run. */
  readonly order: string
  /** Effects that were settled otherwise than by the answer to their call: `vendor.lock on u1`. */
  readonly disturbed: ReadonlySet<string>
  /** Questions whether something was done: nobody else could know. */
  readonly askedPeople: readonly string[]
  /** How often taking back was intended again, because whoever was at it had died. */
  readonly intendedAgain: number
  readonly faults: readonly string[]
}

interface Line {
  readonly kind: string
  /** Which effect it tells about, if any. */
  readonly about: string | null
  readonly row: Readonly<Record<string, unknown>>
}

// What is done again from a step on has taken over steps whose effects are those of the run before.
const ofEffects = `left join lateral (select e.action, e.target from effect e where e.tenant = s.tenant and e.path = s.path limit 1) e on true`
const facts: Readonly<Record<string, string>> = {
  run: `select playbook, status, sentence, outputs, trigger from run where tenant = $1 order by started_at, trigger`,
  step: `select r.trigger, s.path, s.status, s.sentence, s.output, e.action || ' on ' || e.target as about
      from run_step s join run r on r.tenant = s.tenant and r.id = s.run ${ofEffects} where s.tenant = $1 order by r.started_at, r.trigger, s.n`,
  effect: `select r.trigger, e.path, e.action, e.target, e.inputs, e.mode, e.outcome, e.undoes is not null as undoes, e.expires_at is not null as expires,
      e.approval is not null as approved, e.overruled from effect e join run r on r.tenant = e.tenant and r.id = e.run where e.tenant = $1`,
  approval: `select kind, path, status, chosen, quorum, action || ' on ' || target as about from approval where tenant = $1 and kind <> 'unclear'`,
  signal: 'select name, taken_by from run_signal where tenant = $1 order by n',
  wait: 'select path from run_wait where tenant = $1',
  task: 'select title, state from task where tenant = $1',
  incident: 'select status, contained_at is not null as contained from incident where tenant = $1',
  timeline: `select t.kind, t.actor, t.sentence,
      (select distinct e.action || ' on ' || e.target from effect e where e.tenant = t.tenant and strpos(t.sentence, e.action || ' on ' || e.target) > 0 limit 1) as about
      from timeline t where t.tenant = $1`,
  audit: `select actor, action, split_part(subject, '/', 1) as what, details::jsonb ->> 'action' || ' on ' || (details::jsonb ->> 'target') as about
      from audit where tenant = $1`,
}

export async function readTrace(store: Store, dir: string): Promise<Trace> {
  const lines: Line[] = []
  for (const [kind, sql] of Object.entries(facts))
    for (const { about, ...row } of await rowsOf<{ about?: string | null }>(store, sql))
      lines.push({ kind, about: about ?? null, row: withoutIds(row, dir) })
  lines.push({ kind: 'files', about: null, row: await filesIn(dir) })
  const odd = await rowsOf<{ about: string }>(
    store,
    `select distinct e.action || ' on ' || e.target as about from effect_attempt t join effect e on e.tenant = t.tenant and e.id = t.effect
      where t.tenant = $1 and (t.verdict is null or t.kind = 'confirm' or t.verdict = 'unclear')`,
  )
  const asked = await rowsOf<{ about: string }>(
    store,
    `select action || ' on ' || target as about from approval where tenant = $1 and kind = 'unclear'`,
  )
  const undoing = await rowsOf<{ n: number }>(
    store,
    `select count(*)::int - 1 as n from audit where tenant = $1 and action = 'containment.undo' group by subject`,
  )
  const faults: string[] = []
  const open = await rowsOf<{ path: string }>(store, 'select path from effect where tenant = $1 and outcome is null')
  if (open.length > 0) faults.push(`no outcome of ${open.map((one) => one.path).join(', ')}`)
  const audit = await verifyAudit(store)
  if (audit.broken !== null) faults.push(`the audit chain is broken at ${audit.broken.seq}: ${audit.broken.why}`)
  const ways = await rowsOf<{ way: string }>(
    store,
    `select (select string_agg(path, ', ' order by n) from run_step s where s.tenant = r.tenant and s.run = r.id) as way
      from run r where tenant = $1 order by started_at, trigger`,
  )
  return {
    lines,
    order: ways.map((one) => one.way).join('; '),
    disturbed: new Set(odd.map((one) => one.about)),
    askedPeople: asked.map((one) => one.about),
    intendedAgain: undoing.reduce((all, one) => all + one.n, 0),
    faults,
  }
}

/** What lies in the outbox and what was rendered, and what the incident's file of containments lists. */
async function filesIn(dir: string): Promise<Record<string, unknown>> {
  const outbox = await readdir(join(dir, 'outbox')).catch(() => [])
  const artifacts = await readdir(join(dir, 'artifacts/incident-1')).catch(() => [])
  const file = await readFile(join(dir, 'incidents/1/containment.yaml'), 'utf8').catch(() => '')
  const listed = [...file.matchAll(/target: (\S+)/g)].map(([, target]) => target)
  return { messages: outbox.filter((one) => one.endsWith('.eml')).length, artifacts: artifacts.length, listed }
}

const withoutIds = (row: object, dir: string) =>
  JSON.parse(
    JSON.stringify(row)
      .replaceAll(/\b(run|ef|ap)-[0-9a-z]{8,}/g, '$1-')
      .replaceAll(/-[0-9a-z]{6}\.json/g, '.json')
      // A loop over effects has their outputs: however they were settled.
      .replaceAll(/\{"(confirmed|settled)":[^{}]*\}/g, '{"status":200}')
      .replaceAll(dir, ''),
  ) as Record<string, unknown>

/**
 * How the end of a disturbed run differs from the undisturbed one. It may tell otherwise how an effect was settled whose
 * worker died at it; and a person may have been asked about it, which then is in timeline and audit, question and answer.
 */
export function differences(wanted: Trace, got: Trace): readonly string[] {
  const plain = ({ kind, about, row }: Line) => {
    const isTold = about !== null && got.disturbed.has(about) && ['step', 'timeline'].includes(kind)
    const { sentence: _, output: __, ...rest } = row
    return JSON.stringify([kind, about, isTold ? rest : row])
  }
  const left = got.lines.map(plain)
  const again = Array.from({ length: got.intendedAgain - wanted.intendedAgain }, () => undoAgain)
  const allowed = [...got.askedPeople.flatMap(tellingOf), ...again]
  const missing = [...wanted.lines.map(plain), ...allowed].filter((line) => {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  return [...missing.map((one) => `missing: ${one}`), ...left.map((one) => `too much: ${one}`)]
}

const undoAgain = JSON.stringify(['audit', null, { actor: 'gitsoc', action: 'containment.undo', what: 'effect' }])

/** What is on record about a question whether something was done. */
const tellingOf = (about: string) =>
  [
    ['timeline', { kind: 'approval', actor: 'gitsoc' }],
    ['timeline', { kind: 'approval', actor: 'analyst-2' }],
    ['audit', { actor: 'gitsoc', action: 'approval.ask', what: 'approval' }],
    ['audit', { actor: 'analyst-2', action: 'approval.answer', what: 'approval' }],
  ].map(([kind, row]) => JSON.stringify([kind, about, row]))
