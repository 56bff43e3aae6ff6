import { appendTimeline, readIncident } from '../cases/index.ts'
import { type Bundle, filledInputs } from '../core/content/index.ts'
import { didYouMean, type IncidentNumber, type JsonObject, oneLine } from '../core/model/index.ts'
import { appendAudit, type Store } from '../store/index.ts'
import { lockStory } from './lock-story.ts'
import type { Controlled, Hand } from './run-control.ts'
import { startRuns } from './start-runs.ts'

/** A person's wish to run a playbook on an incident. */
export interface ByHand extends Hand {
  readonly playbook: string
  readonly incident: IncidentNumber
  readonly inputs: JsonObject
}

/** Starts a playbook that may be started by a person (`trigger: { manual: true }`), with inputs checked and defaults filled in. */
export async function startByHand(store: Store, bundle: Bundle, wish: ByHand): Promise<Controlled> {
  const refused = (why: string): Controlled => ({ ok: false, why })
  const playbook = bundle.playbooks.get(wish.playbook)
  const actor = oneLine(wish.actor, 200).toWellFormed()
  if (actor === '') return refused('nobody is named as starting it')
  if (playbook === undefined) {
    const hint = didYouMean(wish.playbook, [...bundle.playbooks.keys()])
    return refused(`there is no playbook "${oneLine(wish.playbook, 60)}"${hint === undefined ? '' : `: ${hint}`}`)
  }
  if (!playbook.trigger.manual)
    return refused(`"${playbook.id}" is not started by hand: its trigger does not say "manual: true"`)
  const filled = filledInputs(playbook.inputs, wish.inputs)
  if (!filled.ok) return refused(filled.why)
  return store.transaction(async (tx) => {
    await lockStory(tx, [wish.incident])
    const incident = await readIncident(tx, wish.incident)
    if (incident === null) return refused(`there is no incident ${wish.incident}`)
    if (incident.number !== wish.incident)
      return refused(`incident ${wish.incident} was merged into ${incident.number}`)
    const sentence = `${actor} started "${playbook.title}"${wish.reason === '' ? '' : `: ${oneLine(wish.reason, 500)}`}`
    const [run] = await startRuns(tx, bundle, [
      {
        incident: incident.number,
        trigger: { playbook, decision: { answer: 'started', rule: playbook.ref, facts: [], sentence } },
        at: wish.at,
        cause: `manual ${wish.at}`,
        inputs: filled.inputs,
      },
    ])
    if (run === undefined) return refused('it was started on this incident already within its cooldown')
    await appendAudit(tx, {
      at: wish.at,
      actor,
      action: 'run.start',
      subject: `run/${run}`,
      details: { incident: incident.number, playbook: playbook.id, inputs: filled.inputs, reason: wish.reason },
    })
    await appendTimeline(tx, [{ incident: incident.number, at: wish.at, kind: 'person', actor, sentence }])
    return { ok: true, run } as const
  })
}
