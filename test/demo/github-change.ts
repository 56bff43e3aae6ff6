import type { Narrator } from '../../src/demo/index.ts'
import { fixtureFile, planFiles, ruleFile } from '../preview/plan-content.ts'
import type { TestGithub } from '../support/github.ts'
import { excerpt, until } from './github-reading.ts'

const repo = { owner: 'acme', repo: 'soc' }

/** A small part of the content, so that nobody waits for all of it to be tried. */
export const contentOfWalk = planFiles

/** What the app says of a commit, when it has said it. */
export const deployed = (github: TestGithub, sha: string) =>
  until(`the deploy of ${sha.slice(0, 12)}`, async () => github.statuses(sha)[0])

/** A change of the content: a pull request with its plan, merged, and in service by that. */
export async function walkThroughChange(github: TestGithub, narrator: Narrator): Promise<void> {
  const [lead, analyst] = [github.as('lead'), github.as('analyst')]
  narrator.heading('7. A new rule as a pull request: its plan comes by itself')
  await github.commit(`${repo.owner}/${repo.repo}`, 'forwarding', {
    'rules/detection/mail_forwarding.yaml': ruleFile('Mail is forwarded to the outside', 'forward'),
    'rules/detection/fixtures/mail_forwarding.yaml': fixtureFile('forward'),
  })
  const { data: pull } = await analyst.pulls.create({
    ...repo,
    ...{ title: 'Find mail that is forwarded to the outside', head: 'forwarding', base: 'main' },
  })
  narrator.say(`  analyst opens #${pull.number} ${pull.title}`, 2)
  const run = await until('the plan', async () => {
    const { data } = await lead.checks.listForRef({ ...repo, ref: pull.head.sha, check_name: 'gitsoc/plan' })
    return data.check_runs.find((one) => one.status === 'completed')
  })
  narrator.say(`  check ${run.name}: ${run.conclusion}, ${run.output.title}`, 2)
  const comment = await until('the comment of the plan', async () => {
    const { data } = await lead.issues.listComments({ ...repo, issue_number: pull.number })
    return data.find((one) => one.body?.startsWith('<!-- gitsoc:preview'))
  })
  narrator.block(
    excerpt(comment.body ?? '', 14)
      .split('\n')
      .map((line) => `    ${line}`)
      .join('\n'),
  )
  narrator.heading('8. Merged: what is on the default branch is in service')
  const { data: merged } = await lead.pulls.merge({ ...repo, pull_number: pull.number })
  narrator.say(`  lead merges #${pull.number} as ${merged.sha.slice(0, 12)}`, 2)
  const status = await deployed(github, merged.sha)
  narrator.say(`  status ${status.context}: ${status.state}, ${status.description}`, 2)
}
