import { readAlerts, readIncident } from '../cases/index.ts'
import type { Command } from '../core/command/index.ts'
import type { AlertGroup, IncidentNumber } from '../core/model/index.ts'
import { decideForPerson } from '../pipeline/index.ts'
import type { Store } from '../store/index.ts'
import type { Ask, ChatParts } from './ask.ts'
import { done, type Reply, refused } from './reply.ts'

const most = 15

/** `/merge`: two incidents become one, the older goes on. */
export async function mergeIncidents(
  { store, bundle }: ChatParts,
  { other, reason }: Extract<Command, { readonly verb: 'merge' }>,
  { speaker, incident, at }: Ask,
): Promise<Reply> {
  if (other === incident)
    return refused('an incident cannot be merged into itself', `name the other one: ${alike(incident)}`)
  if ((await store.transaction((tx) => readIncident(tx, other))) === null)
    return refused(`there is no incident ${other}`, alike(incident))
  const wish = { kind: 'merge', incident, other } as const
  const decided = await decideForPerson(store, bundle(), { wish, actor: speaker.actor, reason, at })
  if (!decided.ok) return refused(decided.why)
  const [into] = decided.incidents
  return done(
    `${decided.decision.sentence}`,
    `INC-${into?.number} has ${into?.alertCount} alerts now: ${into?.title}`,
    'a replay of these events makes the same decision here; no playbook is set off by it',
  )
}

const alike = (incident: IncidentNumber) => `/similar, or gitsoc incidents similar ${incident}, shows which are alike`

/** `/split`: alerts get an incident of their own, which no rule makes one with this again. */
export async function splitIncident(
  { store, bundle }: ChatParts,
  { alerts: named, reason }: Extract<Command, { readonly verb: 'split' }>,
  { speaker, incident, at }: Ask,
): Promise<Reply> {
  const alerts = await store.transaction((tx) => readAlerts(tx, incident))
  const chosen: AlertGroup[] = []
  for (const name of named) {
    const [only, ...more] = alerts.filter((one) => one.id.startsWith(name))
    if (only === undefined)
      return refused(`INC-${incident} has no alert ${name}`, ...(await alertLines(store, incident)))
    if (more.length > 0)
      return refused(
        `several alerts begin with ${name}: write more of the id`,
        ...[only, ...more].slice(0, most).map(lineOf),
      )
    chosen.push(only)
  }
  const wish = { kind: 'split', incident, alerts: [...new Set(chosen.map((one) => one.id))] } as const
  const decided = await decideForPerson(store, bundle(), { wish, actor: speaker.actor, reason, at })
  if (!decided.ok) return refused(decided.why)
  const [, fresh] = decided.incidents
  return done(
    `${decided.decision.sentence}`,
    `INC-${fresh?.number}: ${fresh?.title}`,
    `alerts that belong to both stay where they share most; merging INC-${incident} and INC-${fresh?.number} takes it back`,
  )
}

/** The alerts of an incident with ids short enough to type, to choose from. */
export async function alertLines(store: Store, incident: IncidentNumber): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    if ((await readIncident(tx, incident)) === null) return []
    const alerts = (await readAlerts(tx, incident)).toSorted((a, b) => a.firstAt - b.firstAt || (a.id < b.id ? -1 : 1))
    return [
      ...alerts.slice(0, most).map(lineOf),
      ...(alerts.length > most ? [`and ${alerts.length - most} more: gitsoc incidents show ${incident} --json`] : []),
    ]
  })
}

const lineOf = (one: AlertGroup) =>
  `${one.id.slice(0, 11)}: ${one.title}${one.count > 1 ? ` (${one.count} times)` : ''}`
