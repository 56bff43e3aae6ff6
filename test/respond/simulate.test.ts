import { expect, test } from 'vitest'
import { readCase } from '../../src/cases/index.ts'
import { allow, bundleWith, filesIn, worldOf } from './world.ts'

const steps = `  - id: suspend
    action: okta.suspend_user
    with: { userId: "{{ incident.people | first | default('nobody') }}" }
    expires: 24h
  - id: sessions
    action: okta.clear_sessions
    with: { userId: "{{ incident.people | first | default('nobody') }}" }
    expires: 24h
  - id: keys
    action: aws-iam.deactivate_access_key
    with: { accessKeyId: AKIAIOSFODNN7EXAMPLE }
    expires: 7d
  - id: block
    action: edge-firewall.block_ip
    with: { ip: 203.0.113.66 }
    expires: 24h
`

/** What the artifacts of a run say, by step. */
async function artifacts(world: Awaited<ReturnType<typeof worldOf>>) {
  const files = await filesIn(world.places.artifactsDir)
  return Object.fromEntries(
    Object.values(files).flatMap((text) => {
      const { run, actions, ...all } = JSON.parse(text) as { run: string; actions: readonly Record<string, unknown>[] }
      expect(run).toMatch(/^run-/)
      return actions.map(({ step, at, ...rest }) => {
        expect(at).toBe('1970-01-01T00:16:40.000Z')
        return [step, { ...all, ...rest }]
      })
    }),
  )
}

test('each action leaves the exact request, why it was allowed, and the request that undoes it; secrets stay names', async () => {
  const world = await worldOf(await bundleWith(steps, allow))
  await world.drain()
  expect(await artifacts(world)).toMatchInlineSnapshot(`
    {
      "block": {
        "action": "edge-firewall.block_ip",
        "approvedBy": [],
        "effect": "destructive",
        "incident": 1,
        "inputs": {
          "ip": "203.0.113.66",
        },
        "irreversible": null,
        "mode": "simulate",
        "request": {
          "body": {
            "address": "203.0.113.66",
          },
          "headers": {
            "authorization": "Basic secret:firewall-basic",
          },
          "method": "POST",
          "url": "(edge-firewall)/api/firewall/alias_util/add/gitsoc_blocked",
        },
        "rollback": {
          "body": {
            "address": "203.0.113.66",
          },
          "headers": {
            "authorization": "Basic secret:firewall-basic",
          },
          "method": "POST",
          "url": "(edge-firewall)/api/firewall/alias_util/delete/gitsoc_blocked",
        },
        "target": "203.0.113.66",
        "why": "edge-firewall.block_ip on 203.0.113.66 is allowed: trust (rules/approval/team.yaml:6:5)",
      },
      "keys": {
        "action": "aws-iam.deactivate_access_key",
        "approvedBy": [],
        "effect": "destructive",
        "incident": 1,
        "inputs": {
          "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        },
        "irreversible": null,
        "mode": "simulate",
        "request": {
          "body": null,
          "headers": {
            "authorization": "AWS4-HMAC-SHA256 secret:signature",
          },
          "method": "POST",
          "url": "https://iam.amazonaws.com/?Action=UpdateAccessKey&Version=2010-05-08&AccessKeyId=AKIAIOSFODNN7EXAMPLE&Status=Inactive",
        },
        "rollback": {
          "body": null,
          "headers": {
            "authorization": "AWS4-HMAC-SHA256 secret:signature",
          },
          "method": "POST",
          "url": "https://iam.amazonaws.com/?Action=UpdateAccessKey&Version=2010-05-08&AccessKeyId=AKIAIOSFODNN7EXAMPLE&Status=Active",
        },
        "target": "AKIAIOSFODNN7EXAMPLE",
        "why": "aws-iam.deactivate_access_key on AKIAIOSFODNN7EXAMPLE is allowed: trust (rules/approval/team.yaml:6:5)",
      },
      "sessions": {
        "action": "okta.clear_sessions",
        "approvedBy": [],
        "effect": "destructive",
        "incident": 1,
        "inputs": {
          "userId": "user17@example.com",
        },
        "irreversible": "ended sessions and revoked tokens stay ended; the user signs in again",
        "mode": "simulate",
        "request": {
          "body": null,
          "headers": {
            "authorization": "SSWS secret:okta-token",
          },
          "method": "DELETE",
          "url": "(okta)/api/v1/users/user17%40example.com/sessions?oauthTokens=true",
        },
        "rollback": null,
        "target": "user17@example.com",
        "why": "okta.clear_sessions on user17@example.com is allowed: trust (rules/approval/team.yaml:6:5)",
      },
      "suspend": {
        "action": "okta.suspend_user",
        "approvedBy": [],
        "effect": "destructive",
        "incident": 1,
        "inputs": {
          "userId": "user17@example.com",
        },
        "irreversible": null,
        "mode": "simulate",
        "request": {
          "body": null,
          "headers": {
            "authorization": "SSWS secret:okta-token",
          },
          "method": "POST",
          "url": "(okta)/api/v1/users/user17%40example.com/lifecycle/suspend",
        },
        "rollback": {
          "body": null,
          "headers": {
            "authorization": "SSWS secret:okta-token",
          },
          "method": "POST",
          "url": "(okta)/api/v1/users/user17%40example.com/lifecycle/unsuspend",
        },
        "target": "user17@example.com",
        "why": "okta.suspend_user on user17@example.com is allowed: trust (rules/approval/team.yaml:6:5)",
      },
    }
  `)
})

test('what a run comes to at once stands in one file, named after the first; what it comes to later in one of its own', async () => {
  const waits = steps.replace('  - id: keys\n', '  - { id: pause, wait: 1h }\n  - id: keys\n')
  const world = await worldOf(await bundleWith(waits, allow))
  const stepsOf = async () =>
    Object.entries(await filesIn(world.places.artifactsDir)).map(([name, text]) => [
      name.replace(/-\w+\.json$/, ''),
      (JSON.parse(text) as { actions: readonly { step: string }[] }).actions.map(({ step }) => step),
    ])
  await world.drain()
  const before = [['incident-1/suspend', ['suspend', 'sessions']]]
  expect(await stepsOf()).toEqual(before)
  world.time.at += 3_600_000
  await world.drain()
  expect((await stepsOf()).sort()).toEqual([['incident-1/keys', ['keys', 'block']], ...before])
  const results = await world.rows<{ file: string }>(`select result ->> 'artifact' as file from effect order by path`)
  expect(results.map(({ file }) => file.replace(/^.*incident-1\/|-\w+\.json$/g, ''))).toEqual([
    'keys',
    'keys',
    'suspend',
    'suspend',
  ])
})

test('an incident says what is contained, until when, and how that is taken back', async () => {
  const world = await worldOf(await bundleWith(steps, allow))
  await world.drain()
  const found = await world.store.transaction((tx) => readCase(tx, 1))
  const day = 24 * 3_600_000
  expect(
    found?.effects.map(({ action, expiresAt, rollback, irreversible }) => ({
      action,
      hours: ((expiresAt ?? 0) - world.time.at) / day,
      canBeUndone: rollback !== null,
      irreversible: irreversible !== null,
    })),
  ).toEqual([
    { action: 'edge-firewall.block_ip', hours: 1, canBeUndone: true, irreversible: false },
    { action: 'aws-iam.deactivate_access_key', hours: 7, canBeUndone: true, irreversible: false },
    { action: 'okta.clear_sessions', hours: 1, canBeUndone: false, irreversible: true },
    { action: 'okta.suspend_user', hours: 1, canBeUndone: true, irreversible: false },
  ])
})

test('every destructive action that is delivered can be undone or says that it cannot', async () => {
  const { integrations } = await bundleWith(steps)
  const silent = integrations.flatMap((one) =>
    one.actions
      .filter(
        (action) =>
          action.effect === 'destructive' && action.rollback === undefined && action.irreversible === undefined,
      )
      .map((action) => `${one.id}.${action.id}`),
  )
  expect(silent).toEqual([])
})

test('a message is written into the outbox once, readable by any mail program', async () => {
  const world = await worldOf(
    await bundleWith(
      '  - { id: tell, action: email.send, with: { to: oncall@example.com, subject: "{{ incident.title }}", text: "{{ incident.title }}\\nsecond line" } }\n',
    ),
    { incident: { title: 'Übernahme =?utf-8?B??= von user17 über viele Geräte, mehr als eine Zeile lang' } },
  )
  await world.drain()
  const [mail = ''] = Object.values(await filesIn(world.places.outboxDir))
  const [head = '', body = ''] = mail.split('\r\n\r\n')
  expect(head).toMatch(/^From: gitsoc <gitsoc@localhost>\r\nTo: oncall@example\.com\r\n/)
  expect(head).toContain('Date: Thu, 01 Jan 1970 00:16:40 +0000')
  const subject = /Subject: ([\s\S]*?)\r\n\S/.exec(`${head}\r\nX`)?.[1] ?? ''
  const words = subject.split('\r\n ')
  expect(words.every((word) => /^=\?utf-8\?B\?[A-Za-z0-9+/=]+\?=$/.test(word) && word.length <= 75)).toBe(true)
  const decoded = words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString('utf8')).join('')
  expect(decoded).toBe('Übernahme =?utf-8?B??= von user17 über viele Geräte, mehr als eine Zeile lang')
  expect(Buffer.from(body, 'base64').toString('utf8')).toBe(`${decoded}\nsecond line`)
})
