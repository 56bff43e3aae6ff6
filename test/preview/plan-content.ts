import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestRepository, testRepository } from '../support/repository.ts'

/** A detection rule over records of any JSON: `action` has a value. */
export function ruleFile(name: string, action: string, level = 'high'): string {
  return `title: ${name}
id: ${idOf(name)}
status: stable
description: For a test.
author: gitsoc
date: 2026-05-01
tags: [attack.credential-access, attack.t1110]
logsource: { product: generic, service: any }
detection:
  selection: { action: ${action} }
  condition: selection
falsepositives: [None known]
level: ${level}
`
}

export const fixtureFile = (action: string) =>
  `positive:\n  - { action: ${action} }\nnegative:\n  - { action: other }\n`

/** A UUID that is the name's own. */
export const idOf = (name: string) =>
  `00000000-0000-5000-8000-${Buffer.from(name).toString('hex').padStart(12, '0').slice(-12)}`

/** A record of that many minutes after a fixed morning. */
export const record = (minute: number, action: string, user: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({ timestamp: new Date(Date.UTC(2026, 4, 12, 8, minute)).toISOString(), action, user, ...more })

function tree(folder: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.yaml$/.test(name))
      .map((name) => [join(folder, name), readFileSync(join(folder, name), 'utf8')]),
  )
}

/** A small repository: records of any JSON, Okta's actions, our grouping, scoring and policies, one rule on `login`. */
export function planRepository(): TestRepository {
  return testRepository(planFiles())
}

/** Its files, texts by path. */
export function planFiles(): Readonly<Record<string, string>> {
  return {
    ...tree('integrations/generic'),
    ...tree('integrations/okta'),
    ...tree('rules/grouping'),
    ...tree('rules/scoring'),
    ...tree('rules/approval'),
    'rules/detection/login.yaml': ruleFile('login', 'login'),
    'rules/detection/fixtures/login.yaml': fixtureFile('login'),
  }
}
