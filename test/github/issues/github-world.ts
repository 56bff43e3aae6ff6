import { Probot } from 'probot'
import { type IssuesFeature, issuesFeature } from '../../../src/github/issues/issues-feature.ts'
import { enableChannel, listProjections, readOutside } from '../../../src/projection/index.ts'
import type { OpenStore } from '../../../src/store/index.ts'
import { bundleWith, suspendFirst, worldOf } from '../../respond/world.ts'
import { type Delivery, type Doc, type TestGithub, testGithub } from '../../support/github.ts'
import { testStore } from '../../support/store.ts'

const team = `id: team
title: Team
owner: soc-leads
why: test
analysts:
  - { id: analyst-1, email: analyst@example.com, github: analyst, roles: [] }
  - { id: lead-1, email: lead@example.com, github: lead, roles: [] }
teams:
  - { github: soc-responders, roles: [analyst, responder] }
`

/** Content with a playbook that asks before it suspends somebody, and a team on GitHub of those who may say yes. */
export const contentWithTeam = (steps = suspendFirst) => bundleWith(steps, undefined, { 'rules/team/team.yaml': team })

/** A real GitHub as far as there is one, an incident whose playbook asks for an approval, and the part that keeps issues. */
export async function githubWorld(options: { store?: OpenStore; github?: TestGithub; callMs?: number } = {}) {
  const github = options.github ?? (await testGithub())
  const bundle = await contentWithTeam()
  const store = options.store ?? (await testStore())
  const lead = github.as('lead')
  const org = 'acme'
  const repo = { owner: org, repo: 'soc' }
  if (options.github === undefined) {
    await lead.teams.create({ org, name: 'soc-responders' })
    await lead.teams.addOrUpdateMembershipForUserInOrg({
      org,
      team_slug: 'soc-responders',
      username: 'analyst',
      role: 'member',
    })
  }
  const probot = new Probot({
    appId: github.app.id,
    privateKey: github.app.privateKey,
    secret: 'x',
    baseUrl: github.url,
    logLevel: 'fatal',
  })
  const lines: string[] = []
  const time = { ahead: 0 }
  const clock = () => Date.now() + time.ahead
  const featureOf = (): IssuesFeature =>
    issuesFeature(
      {
        store,
        ...repo,
        webUrl: 'https://github.example.com',
        apiUrl: github.url,
        appId: github.app.id,
        client: async () => (await probot.auth(github.installations.acme)) as never,
        gitToken: async () => '',
        clock,
        log: (line) => lines.push(line),
        count: () => {},
      },
      {
        bundle: () => bundle,
        restMs: 0,
        callMs: options.callMs ?? 5000,
        budget: [{ writes: 1000, perMs: 1, burst: 100_000 }],
        wait: async (ms) => {
          time.ahead += ms
        },
      },
    )
  const feature = featureOf()
  const world = await worldOf(bundle, { store, at: clock() })
  const dispatch = async ({ id, event, payload }: Delivery) => {
    const action = typeof payload.action === 'string' ? payload.action : null
    for (const kind of [event, `${event}.${action}`]) {
      const handler = feature.handlers[kind]
      await handler?.({ id, event, action, payload: payload as never, receivedAt: clock() })
    }
  }
  /** Writes and hears until neither side has anything left to tell. Gives how many webhooks were heard. */
  const settle = async (): Promise<number> => {
    let heard = 0
    for (let round = 0; round < 30; round++) {
      const { written } = await feature.drain.drain()
      await github.idle()
      const taken = github.take()
      for (const delivery of taken) await dispatch(delivery)
      heard += taken.length
      if (written === 0 && taken.length === 0) return heard
    }
    throw new Error('it does not come to rest')
  }
  /** What the outbox could not write, and why. */
  const problems = async () =>
    (await store.transaction((tx) => listProjections(tx))).flatMap((one) =>
      one.problem === null ? [] : [`${one.subject}: ${one.problem.why}`],
    )
  const issueNumber = async (incident = 1): Promise<number> => {
    const found = await store.transaction((tx) => readOutside(tx, 'github', incident))
    return Number((found?.outside as Doc | null)?.issue)
  }
  const issue = async (incident = 1) =>
    (await lead.issues.get({ ...repo, issue_number: await issueNumber(incident) })).data
  const comments = async (incident = 1) =>
    (await lead.issues.listComments({ ...repo, issue_number: await issueNumber(incident), per_page: 100 })).data
  const labels = async (incident = 1) =>
    (await issue(incident)).labels.map((one) => (typeof one === 'string' ? one : String(one.name))).sort()
  const say = async (body: string, as: 'lead' | 'analyst' | 'outsider' = 'analyst', incident = 1) =>
    (await github.as(as).issues.createComment({ ...repo, issue_number: await issueNumber(incident), body })).data
  /** What the app answered, oldest first, without its sticky comment. */
  const answers = async (incident = 1) =>
    (await comments(incident)).map((one) => one.body ?? '').filter((body) => body.startsWith('<!-- gitsoc:answer '))
  const writes = () => github.asked.filter((one) => one.method !== 'GET' && /\/(issues|labels)/.test(one.path))
  await enableChannel(store, 'github', clock())
  return {
    ...world,
    github,
    bundle,
    repo,
    time,
    clock,
    lines,
    feature,
    featureOf,
    dispatch,
    problems,
    settle,
    issue,
    issueNumber,
    comments,
    labels,
    say,
    answers,
    writes,
  }
}
