import { appendTimeline, type Containment, containmentText, readContainments } from '../../cases/index.ts'
import type { IncidentNumber } from '../../core/model/index.ts'
import { appendAudit, type Tx } from '../../store/index.ts'
import { lockStory } from '../lock-story.ts'
import type { VendorWatch } from './ask-vendors.ts'
import { incidentsIn, readContainmentFile, writeContainmentFile } from './containment-files.ts'
import { type Drift, type Plan, planContainment } from './plan.ts'
import { type UndoParts, undoContainment } from './undo-containment.ts'

/** What holds and where it differs from the files. */
export interface ContainmentStatus {
  readonly standing: readonly Containment[]
  readonly drift: readonly Drift[]
}

/** What was done about it. */
export interface Reconciled {
  readonly done: readonly string[]
  /** What could not be done, and why. */
  readonly left: readonly string[]
  readonly written: readonly IncidentNumber[]
}

export interface ReconcileParts extends UndoParts {
  /** The folder with one folder for each incident; null when only time and the end of incidents count. */
  readonly dir: string | null
}

interface Looked {
  readonly number: IncidentNumber
  readonly standing: readonly Containment[]
  readonly plan: Plan
  readonly isReadable: boolean
}

/** What holds, and how it differs from the files, and with `watch` from what vendors say. Contains and takes back nothing. */
export async function containmentStatus(
  parts: Pick<ReconcileParts, 'store' | 'clock' | 'dir'>,
  incident: IncidentNumber | null = null,
  watch?: VendorWatch,
): Promise<ContainmentStatus> {
  const looked = await look(parts, incident)
  const standing = looked.flatMap((one) => one.standing)
  const gone = (await watch?.look(standing)) ?? new Set()
  const lost = standing.filter((one) => gone.has(one.effect)).map(goneOf)
  return { standing, drift: [...looked.flatMap((one) => one.plan.drift), ...lost] }
}

const goneOf = ({ incident, effect, action, target }: Containment): Drift => ({
  ...{ kind: 'gone', incident, effect, action, target },
  sentence: `${action} on ${target} was done, and the vendor says that it is not so any more`,
  hint: 'somebody undid it there: start the playbook again, which asks again, or remove the entry',
})

/**
 * Makes reality and files equal: takes back what has expired, what belongs to closed incidents and what was removed from a
 * file, takes over changed ends, and writes the files. Done twice it changes nothing. Nothing is ever contained by it.
 */
export async function reconcileContainment(
  parts: ReconcileParts,
  wish: { readonly actor: string; readonly again: boolean; readonly incident?: IncidentNumber },
): Promise<Reconciled> {
  const done: string[] = []
  const left: string[] = []
  const written: IncidentNumber[] = []
  for (const one of await look(parts, wish.incident ?? null)) {
    for (const { of, to, said } of one.plan.until) {
      const changed = await parts.store.transaction((tx) => changeUntil(tx, of, to, said, wish.actor, parts.clock()))
      if (changed) done.push(`${of.action} on ${of.target}: ${said}`)
    }
    for (const { of, cause, said } of one.plan.undo) {
      const undone = await undoContainment(parts, of, { cause, said, actor: wish.actor, again: wish.again })
      if (undone.kind === 'done') done.push(undone.sentence)
      if (undone.kind === 'not') left.push(undone.sentence)
    }
    if (parts.dir === null || !one.isReadable) continue
    const file = await readContainmentFile(parts.dir, one.number)
    const standing = await parts.store.transaction((tx) => readContainments(tx, one.number))
    if (file === null && standing.length === 0) continue
    // What somebody wrote meanwhile is looked at next time, not written over.
    if (file !== null && (!file.ok || JSON.stringify(file.value.entries) !== JSON.stringify(one.plan.seen))) continue
    const known = file?.ok === true ? file.value.covers : []
    if (
      await writeContainmentFile(
        parts.dir,
        one.number,
        containmentText(one.number, standingOf(one.plan, standing), known, one.plan.kept),
      )
    )
      written.push(one.number)
  }
  return { done, left, written }
}

/** An entry that was removed stays removed, also while taking it back is denied or has failed; one that was changed stands in the file as it is. */
const standingOf = (plan: Plan, now: readonly Containment[]) => {
  const removed = new Set(plan.undo.filter((one) => one.cause === 'removed').map((one) => one.of.effect))
  return now.filter((one) => !removed.has(one.effect) && !plan.changed.has(one.effect))
}

async function look(
  parts: Pick<ReconcileParts, 'store' | 'clock' | 'dir'>,
  incident: IncidentNumber | null,
): Promise<readonly Looked[]> {
  const all = await parts.store.transaction((tx) => readContainments(tx, incident))
  const byIncident = Map.groupBy(all, (one) => one.incident)
  const folders = parts.dir === null ? [] : await incidentsIn(parts.dir)
  const numbers = new Set([...byIncident.keys(), ...folders.filter((one) => incident === null || one === incident)])
  const looked: Looked[] = []
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const standing = byIncident.get(number) ?? []
    const file = parts.dir === null ? null : await readContainmentFile(parts.dir, number)
    if (file?.ok === false) {
      looked.push({
        number,
        standing,
        isReadable: false,
        plan: withUnreadable(planContainment(number, standing, null, new Set(), parts.clock()), number, file.problems),
      })
      continue
    }
    const named = (file?.value.entries ?? []).flatMap((one) => (one.effect === null ? [] : [one.effect]))
    const ended = await parts.store.transaction((tx) => endedOf(tx, named))
    const plan = planContainment(number, standing, file?.value ?? null, ended, parts.clock())
    const isFiled = parts.dir !== null
    looked.push({
      number,
      standing,
      isReadable: true,
      plan: isFiled ? plan : { ...plan, drift: plan.drift.filter((one) => one.kind !== 'unlisted') },
    })
  }
  return looked
}

function withUnreadable(
  plan: Plan,
  incident: IncidentNumber,
  problems: readonly { message: string; place?: Drift['place']; hint?: string }[],
): Plan {
  const drift = problems.map(
    (one): Drift => ({
      kind: 'unreadable',
      incident,
      effect: null,
      action: '',
      target: '',
      sentence: `the file cannot be used: ${one.message}`,
      hint: one.hint ?? 'see incidents/containment.schema.json',
      ...(one.place === undefined ? {} : { place: one.place }),
    }),
  )
  return { ...plan, until: [], drift: [...plan.drift.filter((one) => one.kind !== 'unlisted'), ...drift] }
}

/** Of these effects, the ones that were taken back. */
async function endedOf(tx: Tx, effects: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await tx.query<{ id: string }>(
    `select e.id from effect e join effect u on u.tenant = e.tenant and u.run = e.run and u.path = e.path || '~undo' and u.outcome = 'done'
      where e.tenant = $1 and e.id = any($2)`,
    [tx.tenant, [...effects]],
  )
  return new Set(found.rows.map((one) => one.id))
}

async function changeUntil(
  tx: Tx,
  of: Containment,
  to: number | null,
  said: string,
  actor: string,
  at: number,
): Promise<boolean> {
  await lockStory(tx, [of.incident])
  const changed = await tx.query(
    'update effect set expires_at = $3 where tenant = $1 and id = $2 and expires_at is not distinct from $4',
    [tx.tenant, of.effect, to, of.until],
  )
  if (changed.rowCount === 0) return false
  await appendAudit(tx, {
    at,
    actor,
    action: 'containment.until',
    subject: `effect/${of.effect}`,
    details: { incident: of.incident, action: of.action, target: of.target, from: of.until, to, said },
  })
  await appendTimeline(tx, [
    { incident: of.incident, at, kind: 'action', actor, sentence: `${of.action} on ${of.target}: ${said}` },
  ])
  return true
}
