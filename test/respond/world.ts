import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { saveIncidents } from '../../src/cases/index.ts'
import { type Bundle, compileBundle, formatProblems } from '../../src/core/content/index.ts'
import type { Incident, JsonObject } from '../../src/core/model/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { answerApproval, createResponder, type Live, listApprovals, startRuns } from '../../src/respond/index.ts'
import type { OpenStore, Store } from '../../src/store/index.ts'
import { madeIncident } from '../cases/made.ts'
import { testStore } from '../support/store.ts'

export const allow = 'rules:\n  - { effects: [read, notify, reversible, destructive], answer: allow, reason: trust }\n'
export const suspendFirst = `  - { id: suspend, action: okta.suspend_user, with: { userId: "{{ incident.people | first | default('nobody') }}" }, expires: 24h }\n`
export const suspendEach =
  '  - { id: suspend, forEach: "{{ incident.people }}", action: okta.suspend_user, with: { userId: "{{ item }}" }, expires: 24h, onError: continue }\n'

/** The repository's integrations with one playbook of these steps and one policy. */
export async function bundleWith(
  steps: string,
  policy = 'rules: []\n',
  integrations: JsonObject = {},
): Promise<Bundle> {
  const { files } = await readWorkingTree(process.cwd())
  const own = files.filter((one) => one.path.startsWith('integrations/') && !Object.hasOwn(integrations, one.path))
  const { bundle, problems } = compileBundle(
    [
      ...own,
      ...Object.entries(integrations).map(([path, text]) => ({ path, text: String(text) })),
      { path: 'rules/approval/team.yaml', text: `id: team\ntitle: Team\nowner: team\nwhy: test\n${policy}` },
      {
        path: 'playbooks/contain.yaml',
        text: `id: contain\ntitle: Contain\nowner: playbook-author\nwhy: test\ntrigger: { on: [opened], when: { fact: number, operator: greaterThan, value: 0 } }\ndeadline: 8h\nsteps:\n${steps}`,
      },
    ],
    'worktree',
  )
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}

/** An incident in which these people are targets. */
export const incidentOf = (number: number, people: readonly string[], parts: Partial<Incident> = {}): Incident =>
  madeIncident({ number, observables: people.map((value) => ({ type: 'user', value, role: 'target' })), ...parts })

/** A store with one incident and a run of the bundle's playbook on it, a clock that stands, and folders for what is written. */
export async function worldOf(
  bundle: Bundle,
  options: { people?: readonly string[]; incident?: Partial<Incident>; store?: OpenStore; at?: number } = {},
) {
  const store = options.store ?? (await testStore())
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-respond-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const time = { at: options.at ?? 1_000_000 }
  const places = { artifactsDir: join(dir, 'artifacts'), outboxDir: join(dir, 'outbox') }
  const save = (people: readonly string[]) =>
    store.transaction((tx) => saveIncidents(tx, [incidentOf(1, people, options.incident)]))
  await save(options.people ?? ['user17@example.com'])
  const begin = (incident = 1) =>
    store.transaction((tx) =>
      startRuns(
        tx,
        bundle,
        [...bundle.playbooks.values()].map((playbook) => ({
          incident,
          trigger: {
            playbook,
            decision: { answer: 'started', rule: playbook.ref, facts: [], sentence: 'because' },
          },
          at: time.at,
        })),
      ),
    )
  await begin()
  const responder = (
    parts: {
      store?: Store
      artifactsDir?: string
      outboxDir?: string
      knows?: boolean
      live?: Live
      leaseMs?: number
    } = {},
  ) =>
    createResponder({
      store: parts.store ?? store,
      bundleOf: (digest) => (digest === bundle.digest && parts.knows !== false ? bundle : undefined),
      clock: () => time.at,
      current: () => bundle,
      ...(parts.live === undefined ? {} : { live: parts.live }),
      ...(parts.leaseMs === undefined ? {} : { leaseMs: parts.leaseMs }),
      places: {
        artifactsDir: parts.artifactsDir ?? places.artifactsDir,
        outboxDir: parts.outboxDir ?? places.outboxDir,
      },
    })
  return {
    store,
    dir,
    places,
    time,
    save,
    begin,
    responder,
    drain: () => responder().drain(),
    approvals: () => store.transaction((tx) => listApprovals(tx)),
    answer: (id: string, parts: Partial<Parameters<typeof answerApproval>[1]> = {}) =>
      answerApproval(store, {
        id,
        answer: 'approve',
        actor: 'analyst-1',
        roles: ['responder'],
        channel: 'cli',
        reason: '',
        at: time.at,
        ...parts,
      }),
    rows: <Row>(sql: string) => store.transaction(async (tx) => (await tx.query<Row>(sql)).rows),
    steps: () =>
      store.transaction(
        async (tx) =>
          (
            await tx.query<{ path: string; status: string; sentence: string }>(
              'select path, status, sentence from run_step where tenant = $1 order by run, n',
              [tx.tenant],
            )
          ).rows,
      ),
    files: () => filesIn(dir),
  }
}

/** Every file under a folder with its text. */
export async function filesIn(dir: string): Promise<Readonly<Record<string, string>>> {
  const found = await readdir(dir, { recursive: true, withFileTypes: true })
  const files = found.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  return Object.fromEntries(
    await Promise.all(
      files.sort().map(async (file) => [file.slice(dir.length + 1), await readFile(file, 'utf8')] as const),
    ),
  )
}
