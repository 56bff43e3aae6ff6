import { Probot } from 'probot'
import { expect, test } from 'vitest'
import { noTeam } from '../../../src/core/command/index.ts'
import { createTeamLookup } from '../../../src/github/index.ts'
import { testGithub } from '../../support/github.ts'
import { testStore } from '../../support/store.ts'

const team = { ...noTeam, teams: [{ github: 'soc-responders', roles: ['responder'] }] }

async function world() {
  const github = await testGithub()
  const lead = github.as('lead')
  const org = 'acme'
  await lead.teams.create({ org, name: 'soc-responders' })
  const member = { org, team_slug: 'soc-responders', username: 'analyst' }
  await lead.teams.addOrUpdateMembershipForUserInOrg({ ...member, role: 'member' })
  const time = { at: 1_000_000 }
  const clock = () => time.at
  const probot = new Probot({
    ...{ appId: github.app.id, privateKey: github.app.privateKey, secret: 'x', baseUrl: github.url, logLevel: 'fatal' },
  })
  const store = await testStore()
  const lookup = createTeamLookup({ clock })
  const seat = () =>
    lookup.feature({
      ...{ store, owner: org, repo: 'soc', webUrl: 'https://github.example.com', apiUrl: github.url },
      ...{ appId: github.app.id, gitToken: async () => '', clock, log: () => {}, count: () => {} },
      client: async () => (await probot.auth(github.installations.acme)) as never,
    })
  const leave = () => lead.teams.removeMembershipForUserInOrg(member)
  return { github, lookup, seat, time, leave }
}

test('GitHub says who is in a team, for half a minute', async () => {
  const { lookup, seat, time, leave } = await world()
  expect(await lookup.teamsOf(team, 'analyst')).toEqual([])
  seat()
  expect(await lookup.teamsOf(team, 'analyst')).toEqual(['soc-responders'])
  expect(await lookup.teamsOf(team, 'lead')).toEqual([])
  await leave()
  time.at += 29_999
  expect(await lookup.teamsOf(team, 'analyst')).toEqual(['soc-responders'])
  time.at += 1
  expect(await lookup.teamsOf(team, 'analyst')).toEqual([])
})

test('what GitHub does not answer is no membership, and nothing old stands in for it', async () => {
  const { github, lookup, seat, time } = await world()
  seat()
  expect(await lookup.teamsOf(team, 'analyst')).toEqual(['soc-responders'])
  time.at += 30_000
  await github.down()
  await expect(lookup.teamsOf(team, 'analyst')).rejects.toThrow()
})
