import { expect, test } from 'vitest'
import { changeIncident, saveAlerts, saveIncidents } from '../../../src/cases/index.ts'
import { madeAlert, madeIncident } from '../../cases/made.ts'
import { githubWorld } from './github-world.ts'

const opened = async () => {
  const world = await githubWorld()
  await world.drain()
  await world.settle()
  return world
}

const incidentNow = async (world: Awaited<ReturnType<typeof opened>>) =>
  (await world.rows<{ status: string; owner: string | null }>('select status, owner from incident where number = 1'))[0]

const actors = (world: Awaited<ReturnType<typeof opened>>) =>
  world.rows<{ actor: string; sentence: string }>(
    `select actor, sentence from timeline where incident = 1 and kind = 'person' order by n`,
  )

test('who closes the issue resolves the incident, and is told what closing it takes; who opens it again opens the incident', async () => {
  const world = await opened()
  const analyst = world.github.as('analyst')
  const issue = { ...world.repo, issue_number: await world.issueNumber() }
  await analyst.issues.update({ ...issue, state: 'closed' })
  await world.settle()
  expect(await incidentNow(world)).toMatchObject({ status: 'resolved' })
  expect((await world.issue()).state).toBe('closed')
  expect(await world.labels()).toContain('status:resolved')
  expect((await world.answers()).join()).toContain('closing it takes a verdict')
  await analyst.issues.update({ ...issue, state: 'open' })
  await world.settle()
  expect(await incidentNow(world)).toMatchObject({ status: 'acknowledged' })
  expect((await world.issue()).state).toBe('open')
  expect((await actors(world)).map((one) => one.actor)).toEqual(['analyst-1', 'analyst-1'])
})

test('with a verdict on record closing the issue closes the incident', async () => {
  const world = await opened()
  await world.say('/verdict false-positive a test of the red team')
  await world.settle()
  await world.github
    .as('analyst')
    .issues.update({ ...world.repo, issue_number: await world.issueNumber(), state: 'closed' })
  await world.settle()
  expect(await incidentNow(world)).toMatchObject({ status: 'closed' })
})

test('who may not is told, and the issue is put back', async () => {
  const world = await opened()
  // The outsider may write to the repository, but is in no team.
  const outsider = world.github.as('lead')
  await outsider.issues.update({ ...world.repo, issue_number: await world.issueNumber(), state: 'closed' })
  await world.settle()
  expect(await incidentNow(world)).toMatchObject({ status: 'new' })
  expect((await world.issue()).state).toBe('open')
  const [answer] = await world.answers()
  expect(answer).toContain('lead closed this issue; it is put back')
  expect(answer).toMatch(/needs/)
})

test.each([
  ['contained', 'status:contained', { status: 'contained' }],
  ['acknowledged', 'status:acknowledged', { status: 'acknowledged', owner: 'analyst-1' }],
])('a label that says %s is as good as the command', async (_name, label, expected) => {
  const world = await opened()
  const issue = { ...world.repo, issue_number: await world.issueNumber() }
  await world.github.as('analyst').issues.addLabels({ ...issue, labels: [label] })
  await world.settle()
  expect(await incidentNow(world)).toMatchObject(expected)
  const labels = await world.labels()
  expect(labels.filter((one) => one.startsWith('status:'))).toEqual([label])
})

test('a severity label changes the severity, and the one of before goes', async () => {
  const world = await opened()
  const scored = { score: 50, severity: 'HIGH' as const, contributions: [], explanation: 'x', recommendation: 'y' }
  await world.store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 1, assessment: scored })]))
  await world.settle()
  expect(await world.labels()).toContain('severity:high')
  const issue = { ...world.repo, issue_number: await world.issueNumber() }
  await world.github.as('analyst').issues.addLabels({ ...issue, labels: ['severity:low'] })
  await world.settle()
  expect(await world.labels()).toContain('severity:low')
  expect(await world.labels()).not.toContain('severity:high')
  expect((await world.issue()).title).toMatch(/^\[LOW\]/)
})

test('what a comment takes apart has an issue of its own, what it puts together one', async () => {
  const world = await opened()
  const alertOf = (id: string) => madeAlert({ id, incident: 1, title: `alert ${id}` })
  await world.store.transaction(async (tx) => {
    await saveAlerts(tx, [alertOf('al-aaaaaaaa'), alertOf('al-bbbbbbbb')])
    await saveIncidents(tx, [madeIncident({ number: 1, alertCount: 2 })])
    // As the engine would have left it: incident 1 was its first.
    await tx.query(
      `insert into engine_state (tenant, kind, key, doc) values ($1, 'meta', '', '{"correlation": {"nextNumber": 2, "watermark": 2000}}')`,
      [tx.tenant],
    )
  })
  await world.settle()
  await world.say('/note two things\n/split al-bbbbbbbb another matter')
  await world.settle()
  expect(await world.answers()).toEqual([expect.not.stringContaining('not done')])
  expect((await world.issue(2)).body).toContain('alert al-bbbbbbbb')
  await world.say('/merge INC-2 the same after all')
  await world.settle()
  expect((await world.issue(2)).state).toBe('closed')
  expect((await world.issue(2)).body).toContain(`Merged into INC-1, #${await world.issueNumber(1)}`)
})

test('labels of our own that mean nothing are put back, labels of people stay', async () => {
  const world = await opened()
  const issue = { ...world.repo, issue_number: await world.issueNumber() }
  const analyst = world.github.as('analyst')
  const before = await world.labels()
  await analyst.issues.addLabels({ ...issue, labels: ['tactic:impact', 'follow-up'] })
  await analyst.issues.removeLabel({ ...issue, name: 'incident' })
  await world.settle()
  expect(await world.labels()).toEqual([...before, 'follow-up'].sort())
})

test('who assigns themselves owns the incident, and the owner is the assignee', async () => {
  const world = await opened()
  const issue = { ...world.repo, issue_number: await world.issueNumber() }
  await world.github.as('analyst').issues.addAssignees({ ...issue, assignees: ['analyst'] })
  await world.settle()
  expect(await incidentNow(world)).toMatchObject({ owner: 'analyst-1' })
  await changeIncident(world.store, {
    number: 1,
    actor: 'lead-1',
    at: world.clock(),
    change: { kind: 'owner', owner: 'lead-1' },
  })
  await world.settle()
  expect((await world.issue()).assignees?.map((one) => one.login)).toEqual(['lead'])
})

test('text and title that somebody edits are put back', async () => {
  const world = await opened()
  const before = await world.issue()
  await world.github
    .as('analyst')
    .issues.update({ ...world.repo, issue_number: before.number, title: 'nothing here', body: 'gone' })
  // The emulator sends no `issues.edited`: as GitHub does.
  await world.dispatch({
    id: 'edited',
    event: 'issues',
    payload: { action: 'edited', issue: await world.issue(), sender: { login: 'analyst', type: 'User' } },
  })
  await world.settle()
  const after = await world.issue()
  expect(after.title).toBe(before.title)
  expect(after.body).toBe(before.body)
})

test('of two the later one holds, whatever comes first', async () => {
  const world = await opened()
  await world.github
    .as('analyst')
    .issues.update({ ...world.repo, issue_number: await world.issueNumber(), state: 'closed' })
  await world.github.idle()
  const late = world.github.take()
  // Meanwhile, and later by the clock, somebody says on the command line that it is only contained.
  await changeIncident(world.store, {
    number: 1,
    actor: 'lead-1',
    at: world.clock() + 5000,
    change: { kind: 'status', status: 'contained' },
  })
  for (const one of late) await world.dispatch(one)
  await world.settle()
  expect(await incidentNow(world)).toMatchObject({ status: 'contained' })
  expect((await world.issue()).state).toBe('open')
})

test('an incident that was merged closes its issue with a pointer to the other', async () => {
  const world = await opened()
  await world.store.transaction((tx) => saveIncidents(tx, [madeIncident({ number: 2, title: 'the other' })]))
  await world.settle()
  await world.store.transaction((tx) =>
    saveIncidents(tx, [madeIncident({ number: 2, title: 'the other', status: 'merged', mergedInto: 1 })]),
  )
  await world.settle()
  const merged = await world.issue(2)
  expect(merged.state).toBe('closed')
  expect(merged.state_reason).toBe('not_planned')
  expect(merged.body).toContain(`Merged into INC-1, #${await world.issueNumber(1)}`)
  expect(await world.labels(2)).toContain('status:merged')
})

type World = Awaited<ReturnType<typeof opened>>

/** What GitHub sends when somebody has changed the milestone of the issue, whenever that was. */
const milestoned = async (world: World, action: 'milestoned' | 'demilestoned', title: string, at = world.clock()) => {
  const issue = await world.issue()
  return world.dispatch({
    id: `${action}-${title}-${at}`,
    event: 'issues',
    payload: {
      action,
      issue: { ...issue, updated_at: new Date(at).toISOString() },
      milestone: { number: 1, title },
      sender: { login: 'analyst', type: 'User' },
    },
  })
}

const milestoneOf = async (world: World) =>
  (await world.rows<{ milestone: string | null }>('select milestone from incident where number = 1'))[0]?.milestone

test('who puts the issue into a milestone puts the incident into it, and takes it out again', async () => {
  const world = await opened()
  const { data } = await world.github
    .as('analyst')
    .issues.createMilestone({ ...world.repo, title: 'Phishing wave of May' })
  const issue = { ...world.repo, issue_number: await world.issueNumber() }
  await world.github.as('analyst').issues.update({ ...issue, milestone: data.number })
  await world.settle()
  expect(await milestoneOf(world)).toBe('Phishing wave of May')
  expect((await world.issue()).body).toContain('in the milestone `Phishing wave of May`')
  expect((await actors(world)).at(-1)).toEqual({
    actor: 'analyst-1',
    sentence: 'put it into the milestone "Phishing wave of May"',
  })
  await world.github.as('analyst').issues.update({ ...issue, milestone: null })
  await world.settle()
  expect(await milestoneOf(world)).toBeNull()
  expect((await world.issue()).milestone).toBeNull()
})

test('an incident that is put into a milestone has its issue there, in one that is made when there is none; what GitHub tells of it comes to nothing', async () => {
  const world = await opened()
  await world.say('/milestone Phishing wave of May')
  await world.settle()
  expect((await world.issue()).milestone?.title).toBe('Phishing wave of May')
  await changeIncident(world.store, {
    number: 1,
    actor: 'lead-1',
    at: world.clock(),
    change: { kind: 'milestone', milestone: 'Exercise 7' },
  })
  await world.settle()
  expect((await world.issue()).milestone?.title).toBe('Exercise 7')
  const writes = world.writes().length
  await milestoned(world, 'demilestoned', 'Phishing wave of May')
  await milestoned(world, 'milestoned', 'Exercise 7')
  await world.settle()
  expect(await milestoneOf(world)).toBe('Exercise 7')
  expect(world.writes().length).toBe(writes)
  await world.say('/milestone none')
  await world.settle()
  expect((await world.issue()).milestone).toBeNull()
  const { data } = await world.github.as('lead').issues.listMilestones({ ...world.repo, state: 'all' })
  expect(data.map((one) => one.title).sort()).toEqual(['Exercise 7', 'Phishing wave of May'])
})

test('who may not put it into a milestone is told, and it is taken out of it', async () => {
  const world = await opened()
  const { data } = await world.github.as('lead').issues.createMilestone({ ...world.repo, title: 'Mine' })
  await world.github
    .as('lead')
    .issues.update({ ...world.repo, issue_number: await world.issueNumber(), milestone: data.number })
  await world.settle()
  expect(await milestoneOf(world)).toBeNull()
  expect((await world.issue()).milestone).toBeNull()
  expect((await world.answers()).join()).toContain('lead put it into the milestone Mine; it is put back')
})

test.each([
  ['in their order', [0, 1]],
  ['the later one first', [1, 0]],
] as const)('of two changes made on GitHub and heard of late, %s, the later one holds', async (_name, order) => {
  const world = await opened()
  const at = world.clock()
  const titles = ['First', 'Second'] as const
  // Heard of a minute after they were made, five seconds apart.
  world.time.ahead += 60_000
  for (const n of order) await milestoned(world, 'milestoned', titles[n], at + n * 5000)
  await world.settle()
  expect(await milestoneOf(world)).toBe('Second')
  expect((await world.issue()).milestone?.title).toBe('Second')
})

test('what was changed here later than on GitHub holds, the milestone too', async () => {
  const world = await opened()
  const at = world.clock()
  world.time.ahead += 60_000
  await changeIncident(world.store, {
    number: 1,
    actor: 'lead-1',
    at: world.clock(),
    change: { kind: 'milestone', milestone: 'Exercise 7' },
  })
  await milestoned(world, 'milestoned', 'Phishing wave of May', at)
  await world.settle()
  expect(await milestoneOf(world)).toBe('Exercise 7')
  expect((await world.issue()).milestone?.title).toBe('Exercise 7')
})
