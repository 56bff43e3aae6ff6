import { expect, test } from 'vitest'
import type { Team } from '../../src/core/command/index.ts'
import { slackWorld } from './world.ts'

const teamFile = (roles: string, teams = '') => `id: soc
title: Team
owner: soc
why: test
analysts:
  - { id: analyst-1, email: one@example.com, github: Octo-One, roles: [${roles}] }
  - { id: analyst-2, email: two@example.com, roles: [] }
${teams}`
const teams = 'teams:\n  - { github: soc-responders, roles: [analyst, responder] }\n'

test('channels and roles are those of the content that is served when somebody acts or is told', async () => {
  const world = await slackWorld({ team: teamFile('viewer') })
  await world.settle()
  expect(await world.say('one', 'ack INC-1')).toMatch(/needs|may/)
  await world.deploy({
    'rules/team/soc.yaml': teamFile('analyst'),
    'rules/notify/soc.yaml': 'id: soc\ntitle: All\nwhy: test\norder: 1\nchannel: "#soc-critical"\n',
  })
  await world.saveIncident({ number: 2 })
  await world.settle()
  expect(await world.slack.messages(world.slack.channelId('soc-critical'))).toHaveLength(1)
  expect(await world.say('one', 'ack INC-1')).toMatch(/INC-1: .*acknowledged/)
  await world.deploy({ 'rules/team/soc.yaml': teamFile('') })
  expect(await world.say('one', 'close INC-1 false-positive')).toMatch(/needs|may/)
})

test('roles that GitHub confirms by a team count in Slack, for the login of the file alone and as long as it does', async () => {
  const asked: string[] = []
  let members = ['octo-one']
  const teamsOf = async ({ teams }: Team, login: string) => {
    asked.push(login)
    return members.includes(login) ? teams.map(({ github }) => github) : []
  }
  const world = await slackWorld({ team: teamFile('', teams), teamsOf })
  await world.settle()
  expect(await world.say('two', 'ack INC-1')).toMatch(/needs|may/)
  const modal = await world.open('one', 'approve')
  members = []
  expect(await world.submit('one', modal, 'yes')).toMatch(/does not count/)
  members = ['octo-one']
  expect(await world.submit('one', await world.open('one', 'approve'), 'yes')).toMatch(/You have approved/)
  expect(await world.say('one', 'ack INC-1')).toMatch(/INC-1: .*acknowledged/)
  expect(new Set(asked)).toEqual(new Set(['octo-one']))
})

test('while GitHub does not say who is in a team nobody has its roles, those of the file count, and the person is told', async () => {
  const teamsOf = () => Promise.reject(new Error('no answer within 3000 ms'))
  const world = await slackWorld({ team: teamFile('', teams), teamsOf })
  await world.settle()
  expect(await world.say('one', 'ack INC-1')).toMatch(/(needs|may)[\s\S]*GitHub does not say which teams you are in/)
  await world.deploy({ 'rules/team/soc.yaml': teamFile('analyst', teams) })
  expect(await world.say('one', 'ack INC-1')).toMatch(/INC-1: .*acknowledged/)
})
