import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createCloser } from '../../src/closing/index.ts'
import { compileBundle, formatProblems } from '../../src/core/content/index.ts'
import { tenantId } from '../../src/core/model/index.ts'
import { createNarrator } from '../../src/demo/index.ts'
import {
  createGithubApp,
  deployFeature,
  githubPublisher,
  issuesFeature,
  planFeature,
  webhooksPath,
} from '../../src/github/index.ts'
import { readRecording } from '../../src/ingest/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { createRuntime } from '../../src/server/index.ts'
import { openStore } from '../../src/store/index.ts'
import { startGithub } from '../support/github.ts'
import { contentOfWalk, deployed, walkThroughChange } from './github-change.ts'
import { excerpt, until } from './github-reading.ts'

/**
 * `npm run demo:github`: the recorded attack as people on GitHub see it, against a GitHub that runs in this process. Nothing
 * leaves this machine and no account is needed. An argument names the directory that it owns.
 */
const scenario = 'test/scenarios/credential-phishing'
const dir = process.argv[2] ?? join('var', 'demo-github')
const repo = { owner: 'acme', repo: 'soc' }
const team = `id: demo
title: The people of this demo
owner: demo
why: Two accounts that exist in this process only.
analysts:
  - { id: analyst, email: analyst@example.com, github: analyst }
  - { id: lead, email: lead@example.com, github: lead }
teams:
  - { github: soc-responders, roles: [analyst, responder] }
`

const narrator = createNarrator(process.stdout)
await rm(dir, { recursive: true, force: true })
await mkdir(dir, { recursive: true })

narrator.heading('1. Start')
const github = await startGithub()
const lead = github.as('lead')
await lead.teams.create({ org: repo.owner, name: 'soc-responders' })
await lead.teams.addOrUpdateMembershipForUserInOrg({
  org: repo.owner,
  team_slug: 'soc-responders',
  username: 'analyst',
})
const { files } = await readWorkingTree(process.cwd())
const own = files.filter(({ path }) => !path.startsWith('rules/team/'))
const { bundle, problems } = compileBundle([...own, { path: 'rules/team/demo.yaml', text: team }], 'worktree')
if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
const recording = await readRecording(join(scenario, 'recording.ndjson.gz'))
// The story's clock begins a minute after the recording ends.
const begun = Date.now()
const clock = () => (recording.at(-1)?.receivedAt ?? 0) + 60_000 + Date.now() - begun
const store = await openStore({ dir: join(dir, 'store') }, tenantId('demo'))
const runtime = await createRuntime({
  ...{ store, bundle, clock, workDir: dir },
  enrichDir: join(process.cwd(), scenario, 'enrich'),
})
const mirrorsDir = join(dir, 'mirrors')
const app = await createGithubApp({
  settings: {
    appId: github.app.id,
    privateKey: github.app.privateKey,
    apiUrl: github.url,
    webUrl: github.url,
    webhookSecrets: [github.app.webhookSecret],
  },
  tenants: [
    {
      store,
      ...repo,
      installation: github.installations.acme,
      features: [
        (seat) =>
          issuesFeature(seat, {
            bundle: () => bundle,
            restMs: 0,
            // The real pace is a write in three seconds; nobody wants to watch that.
            budget: [{ writes: 100, perMs: 1000, burst: 100 }],
          }),
        deployFeature({ settings: { branch: null, signatures: { kind: 'none' } }, mirrorsDir }),
        planFeature({ settings: { branch: null }, mirrorsDir, enrichDir: null }),
        (seat) => {
          const publisher = githubPublisher(seat)
          const closer = createCloser({ store, bundle: () => bundle, publisher, clock, everyMs: 200 })
          return { handlers: {}, start: () => closer.start(), stop: () => closer.stop() }
        },
      ],
    },
  ],
  clock,
  log: () => {},
  count: () => {},
})
const server = createServer((request, response) => {
  app.handle(request, response).catch(() => response.writeHead(500).end())
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
github.deliverTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}${webhooksPath}`)
narrator.fact(
  'GitHub',
  `${github.url}, in this process, with the organisation acme: a lead, an analyst, and an outsider`,
)
narrator.fact('app', 'installed in acme/soc; its webhooks come to a server of ours, signed')

try {
  await play()
} finally {
  await app.stop()
  await runtime.responder.stop()
  server.close()
  server.closeAllConnections()
  await github.close()
  await store.close()
}

async function play(): Promise<void> {
  const first = await github.commit('acme/soc', 'main', contentOfWalk())
  narrator.fact('content', 'a small part of ours is pushed to acme/soc; the attack is decided by all of it')
  await app.start()
  const { state, description } = await deployed(github, first)
  narrator.fact('deploy', `${first.slice(0, 12)}: ${state}, ${description}`)
  narrator.heading('2. The attack arrives; two incidents become two issues')
  await runtime.inbox.accept(recording)
  await runtime.pipeline.drain()
  await runtime.responder.start()
  const issue = await until('an issue that asks for a decision', async () =>
    (await issues()).find(({ body }) => body?.includes('/approve')),
  )
  for (const one of (await issues()).toReversed())
    narrator.say(`  #${one.number} ${excerpt(one.title, 1)}  [${labelsOf(one).join(', ')}]`, 5)
  narrator.heading(`3. Issue #${issue.number}, as people read it (its first lines)`)
  narrator.block(excerpt(issue.body ?? '', 46))

  narrator.heading('4. Somebody without a right says yes; then an analyst does')
  const asked = /`(\/approve [0-9a-f]+)`/.exec(issue.body ?? '')?.[1] ?? ''
  await say('outsider', issue.number, `${asked} looks fine to me`)
  await say('analyst', issue.number, '/ack')
  for (let n = 0; n < 20; n++) {
    const body = (await issues()).find((one) => one.number === issue.number)?.body ?? ''
    const next = /`(\/approve [0-9a-f]+)`/.exec(body)?.[1]
    if (next === undefined) break
    await say('analyst', issue.number, `${next} the owner says it was not them`)
    await until('the decision to be taken', async () => {
      const now = (await issues()).find((one) => one.number === issue.number)?.body ?? ''
      return now.includes(next) ? undefined : true
    })
  }
  narrator.heading('5. Asked why, and closed with a verdict')
  await say('analyst', issue.number, '/why')
  await say('analyst', issue.number, '/close true-positive the key is revoked and the account reset')
  await until('the issue to be closed', async () => (await issues('closed')).find((one) => one.number === issue.number))
  narrator.heading('6. What it leaves behind, as pull requests')
  const pulls = await until('the pull requests', async () => {
    const { data } = await lead.pulls.list({ ...repo, state: 'open' })
    return data.length >= 2 ? data : undefined
  })
  for (const one of pulls) {
    narrator.say(`  #${one.number} ${one.title}`, 5)
    const { data } = await lead.pulls.listFiles({ ...repo, pull_number: one.number })
    for (const file of data) narrator.say(`        ${file.filename}`)
  }
  await walkThroughChange(github, narrator)
  narrator.heading('9. Done')
  narrator.say('  The store stays until the next time. Look at it:')
  // In one line, whatever the width: it is there to be copied.
  narrator.block(`  npx gitsoc incidents list --all --store ${join(dir, 'store')} --tenant demo`)
}

async function issues(state: 'open' | 'closed' = 'open') {
  return (await lead.issues.listForRepo({ ...repo, state })).data.filter((one) => one.pull_request === undefined)
}

function labelsOf({ labels }: Awaited<ReturnType<typeof issues>>[number]): readonly string[] {
  return labels.map((label) => (typeof label === 'string' ? label : (label.name ?? ''))).sort()
}

/** Comments, and tells what the app answered. */
async function say(login: 'analyst' | 'outsider', number: number, body: string): Promise<void> {
  narrator.say(`  ${login}: ${body}`, 2)
  const { data } = await github.as(login).issues.createComment({ ...repo, issue_number: number, body })
  const answer = await until(`an answer to ${login}`, async () => {
    const all = (await lead.issues.listComments({ ...repo, issue_number: number, per_page: 100 })).data
    return all.find((one) => new RegExp(`^<!-- gitsoc:answer \\S*\\b${data.id} -->`).test(one.body ?? ''))
  })
  narrator.block(
    excerpt(answer.body ?? '', 12)
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n'),
  )
}
