import { saveIncidents } from '../../src/cases/index.ts'
import { perform, type Reply, type Speaker } from '../../src/chatops/index.ts'
import { readCommand, type Team } from '../../src/core/command/index.ts'
import { madeIncident } from '../cases/made.ts'
import { allow, bundleWith, suspendFirst, worldOf } from '../respond/world.ts'

export const team: Pick<Team, 'analysts' | 'teams'> = {
  analysts: [
    { id: 'analyst-1', email: 'analyst-1@example.com', github: 'octo-1', slack: 'U1', roles: ['analyst', 'responder'] },
    { id: 'analyst-2', email: 'analyst-2@example.com', github: 'octo-2', slack: null, roles: ['analyst'] },
  ],
  teams: [],
}

export const responder: Speaker = { actor: 'analyst-1', roles: ['analyst', 'responder'], channel: 'github' }
export const analyst: Speaker = { actor: 'analyst-2', roles: ['analyst'], channel: 'slack' }
export const nobody: Speaker = { actor: 'passer-by', roles: [], channel: 'github' }

/** A world with two incidents, a playbook that asks before it suspends, and somebody to talk to. */
export async function talk(options: { steps?: string; policy?: string; approve?: boolean } = {}) {
  const bundle = await bundleWith(options.steps ?? suspendFirst, options.approve === false ? allow : options.policy)
  const world = await worldOf(bundle)
  await world.store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 2, title: 'Another' })]))
  const live = { ...bundle, team: { ...bundle.team, ...team } }
  const parts = { store: world.store, bundle: () => live }
  const say = (text: string, speaker: Speaker = responder, incident: number | null = 1): Promise<Reply> => {
    const read = readCommand(text.replace(/^\//, ''))
    if (read.kind === 'unknown') throw new Error(`no command: ${text}`)
    return perform(parts, { command: read.command, speaker, incident: read.incident ?? incident, at: world.time.at })
  }
  /** Everything that an incident's people can change, to see that nothing did. */
  const stored = () =>
    world.rows(
      `select (select jsonb_agg(to_jsonb(i) order by number) from incident i) as incidents,
        (select jsonb_agg(to_jsonb(t) order by incident, n) from task t) as tasks,
        (select jsonb_agg(to_jsonb(t) order by incident, n) from timeline t) as timeline,
        (select jsonb_agg(to_jsonb(a) order by id) from approval a) as approvals,
        (select jsonb_agg(to_jsonb(a) order by approval, actor) from approval_answer a) as answers,
        (select jsonb_agg(to_jsonb(r) order by id) from run r) as runs`,
    )
  return { ...world, live, parts, say, stored }
}
