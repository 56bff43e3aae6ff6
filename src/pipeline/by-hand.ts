import {
  addTasksLocked,
  appendTimeline,
  mergesOf,
  mergeWork,
  readAlerts,
  recallFrom,
  saveAlerts,
  takeWork,
  writeIncidents,
} from '../cases/index.ts'
import type { Bundle } from '../core/content/index.ts'
import { type ByHand, type DoneByHand, metaOf, takeChanges, workedOf } from '../core/correlate/index.ts'
import { decideByHand } from '../core/engine/index.ts'
import { oneLine } from '../core/model/index.ts'
import { waitForTurn } from '../ingest/index.ts'
import { appendAudit, lockAudit, type Store, type Tx } from '../store/index.ts'
import { workDecisions, writeDecisions } from './decisions.ts'
import { loadCorrelation, saveCorrelationMeta } from './state.ts'

/** A person's wish about which alerts are one incident. Time is epoch milliseconds. */
export interface HandWish {
  readonly wish: ByHand
  readonly actor: string
  readonly reason: string
  readonly at: number
}

/**
 * Decides what a person wants at the present place in the tenant's order, in one transaction: it waits for the turn, brings the state up to date,
 * applies the decision, writes the incidents and puts the decision on record, so that a replay applies it at the same place.
 * Workers that have a state in memory read it back.
 */
export async function decideForPerson(
  store: Store,
  bundle: Pick<Bundle, 'correlation' | 'scoring' | 'digest'>,
  given: HandWish,
): Promise<DoneByHand> {
  const because = {
    actor: oneLine(given.actor, 200).toWellFormed(),
    reason: oneLine(given.reason, 2000).toWellFormed(),
  }
  if (because.actor === '') return { ok: false, why: 'nobody is named as doing it' }
  return store.transaction(async (tx) => {
    const { doneSeq: afterSeq } = await waitForTurn(tx)
    await lockAudit(tx)
    const place = { afterSeq, bundle: bundle.digest }
    await writeDecisions(tx, workDecisions((await takeWork(tx)).map(workedOf), place))
    const correlation = await loadCorrelation(tx)
    const { wish, at } = given
    const done = await decideByHand(bundle, { correlation }, wish, because, {
      recall: recallFrom(tx),
      alertsOf: (number) => readAlerts(tx, number),
    })
    if (!done.ok) return done
    const { kind, incident } = wish
    const doc =
      wish.kind === 'merge'
        ? { other: wish.other }
        : { alerts: [...wish.alerts], other: done.incidents[1]?.number ?? null }
    await writeDecisions(tx, [{ ...place, kind, incident, doc, ...because, at }])
    const changes = takeChanges(correlation)
    await writeIncidents(tx, changes.incidents, changes.decisions)
    await saveAlerts(tx, changes.alerts)
    await tell(tx, done, because.actor, at)
    await mergeWork(tx, mergesOf(changes.incidents))
    await saveCorrelationMeta(tx, metaOf(correlation))
    await appendAudit(tx, {
      at,
      actor: because.actor,
      action: `incident.${kind}`,
      subject: `incident/${incident}`,
      details: { ...doc, reason: because.reason, incidents: done.incidents.map((one) => one.number) },
    })
    await tx.query(`select pg_notify('gitsoc_cases', $1)`, [tx.tenant])
    return done
  })
}

async function tell(tx: Tx, done: DoneByHand & { readonly ok: true }, actor: string, at: number): Promise<void> {
  const { decision, incidents, escalations } = done
  const entry = (incident: number, kind: 'person' | 'decision', who: string, sentence: string) => ({
    incident,
    at,
    kind,
    actor: who,
    sentence,
  })
  await appendTimeline(tx, [
    ...incidents.map((one) => entry(one.number, 'person', actor, decision.sentence)),
    ...escalations.flatMap(({ incident, escalated }) =>
      escalated.map((one) => entry(incident, 'decision', 'gitsoc', one.decision.sentence)),
    ),
  ])
  await addTasksLocked(
    tx,
    escalations.flatMap(({ incident, escalated }) =>
      escalated.flatMap((one) => one.tasks.map((title) => ({ incident, title, origin: one.decision.rule.id }))),
    ),
  )
}
