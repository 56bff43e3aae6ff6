import { expect, onTestFinished, test } from 'vitest'
import { gitsoc as command } from '../support/cli.ts'
import { bundleWith, suspendFirst, worldOf } from './world.ts'

/** A world in which one question waits, and command lines run against it. */
async function commands(people?: readonly string[]) {
  const world = await worldOf(await bundleWith(suspendFirst), people === undefined ? {} : { people })
  world.time.at = Date.now()
  await world.rows(
    `update run set started_at = ${world.time.at}, deadline_at = ${world.time.at + 3_600_000} returning id`,
  )
  await world.drain()
  const before = process.env.DATABASE_URL
  process.env.DATABASE_URL = world.store.url
  onTestFinished(() => {
    if (before === undefined) delete process.env.DATABASE_URL
    else process.env.DATABASE_URL = before
  })
  const gitsoc = async (...line: readonly string[]) => {
    const { out, err, exitCode } = await command(...line)
    return { out, code: exitCode, why: err }
  }
  const [approval] = await world.approvals()
  const [run] = await world.rows<{ id: string }>('select id from run')
  return { ...world, gitsoc, approval: approval?.id ?? '', run: run?.id ?? '' }
}

test('a person sees what waits, looks at it, approves it, and sees what was done and how to undo it', async () => {
  const { gitsoc, approval, run, drain } = await commands()
  expect((await gitsoc('approvals', 'list')).out).toMatch(
    new RegExp(
      `^approval +status .*\\n${approval} +pending +1  [-0-9]{10} [:0-9]{8} \\(\\d.* left\\) +okta.suspend_user on user17@example.com`,
    ),
  )
  expect((await gitsoc('approvals', 'show', approval)).out).toContain('bound to  ')
  expect((await gitsoc('runs', 'list')).out).toMatch(new RegExp(`^${run} +waiting +incident 1 .*contain`))
  expect((await gitsoc('runs', 'show', run)).out).toMatch(
    /Steps\n {2}none yet\n\nWaits for\n {2}ap-.*okta\.suspend_user/,
  )
  expect((await gitsoc('approve', approval, '--as', 'analyst-1', '--reason', 'called')).out).toBe('approved\n')
  await drain()
  expect((await gitsoc('approvals', 'list')).out).toBe('nothing waits for a person\n')
  const shown = (await gitsoc('runs', 'show', run)).out
  expect(shown).toContain('okta.suspend_user on user17@example.com: done (simulate), until ')
  expect(shown).toContain('request  POST (okta)/api/v1/users/user17%40example.com/lifecycle/suspend')
  expect(shown).toContain('undo     POST (okta)/api/v1/users/user17%40example.com/lifecycle/unsuspend')
  expect(shown).toContain(`allowed  by approval ${approval}`)
})

test('programs read JSON', async () => {
  const { gitsoc, approval, run } = await commands()
  expect(JSON.parse((await gitsoc('approvals', 'list', '--json')).out)).toMatchObject([{ id: approval }])
  expect(JSON.parse((await gitsoc('runs', 'list', '--json', '--incident', '#1')).out)).toMatchObject([{ id: run }])
  expect(JSON.parse((await gitsoc('runs', 'list', '--json', '--incident', '2')).out)).toEqual([])
  expect(JSON.parse((await gitsoc('runs', 'show', run, '--json')).out)).toMatchObject({ id: run, status: 'waiting' })
  expect(JSON.parse((await gitsoc('deny', approval, '--as', 'a', '--reason', 'drill', '--json')).out)).toMatchObject({
    ok: true,
    status: 'denied',
  })
})

test.each<[name: string, line: (approval: string) => readonly string[], code: number, why: RegExp]>([
  ['a denial without a reason', (id) => ['deny', id], 2, /needs a reason/],
  [
    'an answer of somebody without the role',
    (id) => ['approve', id, '--as', 'a', '--role', 'viewer'],
    1,
    /one of the roles/,
  ],
  [
    'an answer to something else',
    (id) => ['approve', id, '--as', 'a', '--digest', 'f'.repeat(64)],
    1,
    /not what was shown/,
  ],
  ['an approval that does not exist', () => ['approvals', 'show', 'ap-0'], 1, /there is no approval/],
  ['a run that does not exist', () => ['runs', 'show', 'run-0'], 1, /there is no run run-0\nhint: .*runs list/],
  ['a stop without a reason', () => ['stop-switch', 'on'], 2, /--reason/],
  ['a stop with an empty reason', () => ['stop-switch', 'on', '--reason', ' '], 2, /reason is empty/],
  ['turning off what is off', () => ['stop-switch', 'off', '--reason', 'x'], 1, /off already/],
  ['a number that is none', () => ['runs', 'list', '--incident', 'x'], 2, /whole number/],
])('%s ends with what is wrong', async (_name, line, code, why) => {
  const { gitsoc, approval } = await commands()
  expect(await gitsoc(...line(approval))).toMatchObject({ code, why: expect.stringMatching(why) })
})

test('the stop switch keeps what was approved from being done, and turning it is on the record', async () => {
  const { gitsoc, approval, drain, rows, steps } = await commands()
  await gitsoc('approve', approval, '--as', 'analyst-1')
  expect((await gitsoc('stop-switch', 'on', '--as', 'lead-1', '--reason', 'wrong tenant')).out).toBe(
    'the stop switch is on\n',
  )
  expect((await gitsoc('stop-switch', 'show')).out).toMatch(/^on since .* by lead-1: wrong tenant\n$/)
  expect((await gitsoc('stop-switch', 'on', '--as', 'b', '--reason', 'x')).why).toMatch(/on already/)
  await drain()
  expect(await steps()).toMatchObject([{ path: 'suspend', status: 'denied' }])
  expect((await gitsoc('stop-switch', 'off', '--as', 'lead-1', '--reason', 'solved')).code).toBe(0)
  expect((await gitsoc('stop-switch', 'show')).out).toBe('off\n')
  expect(await rows(`select actor, action from audit where subject = 'stop-switch' order by seq`)).toEqual([
    { actor: 'lead-1', action: 'stop-switch.on' },
    { actor: 'lead-1', action: 'stop-switch.off' },
  ])
})

test('what an attacker wrote cannot move the cursor of whoever approves', async () => {
  const { gitsoc, approval, run } = await commands(['\u001b[2J\u202euser17@example.com'])
  for (const line of [
    ['approvals', 'list'],
    ['approvals', 'show', approval],
    ['runs', 'show', run],
  ]) {
    const { out } = await gitsoc(...line)
    expect(out).toContain('user17@example.com')
    for (const hidden of ['\u001b', '\u202e']) expect(out).not.toContain(hidden)
  }
})
