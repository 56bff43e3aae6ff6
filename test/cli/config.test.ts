import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkConfig } from '../../src/cli/check-config.ts'
import { readConfig } from '../../src/cli/read-config.ts'
import { ownBundle } from '../support/content.ts'
import { folderOf } from '../support/folder.ts'

const bundle = await ownBundle()

const read = async (yaml: string) => {
  const config = await readConfig(join(folderOf({ 'config.yaml': yaml }), 'config.yaml'))
  checkConfig(config, [bundle])
  return config
}

test.each<[name: string, yaml: string, why: RegExp, hint: RegExp]>([
  ['a mapping of nobody', 'nonsense: { a: 1 }', /:1:1: "nonsense" is no integration and no part/, /integrations list/],
  [
    'an integration misspelt',
    '\nawsguardduty: { topicArns: [] }',
    /:2:1: "awsguardduty"/,
    /did you mean "aws-guardduty"/,
  ],
  ['a part of the server misspelt', 'pagrduty: { webhook: true }', /:1:1: "pagrduty"/, /did you mean "pagerduty"/],
  [
    'a member misspelt',
    'aws-guardduty: { topicArn: [a] }',
    /:1:18: .* no member "topicArn"/,
    /did you mean "topicArns"/,
  ],
  ['a member of another integration', 'okta:\n  topicArns: [a]', /:2:3: "okta" has no member/, /orgUrl/],
  ['a member of Slack misspelt', 'slack: { team: T0123, recieve: socket }', /:1:23: .*"recieve"/, /"receive"/],
  ['a member of PagerDuty misspelt', 'pagerduty: { webhok: true }', /:1:14: .*"webhok"/, /"webhook"/],
  [
    'a member of the anchoring misspelt',
    'audit: { repo: . }',
    /:1:10: "audit" has no member "repo"/,
    /"audit" has repository/,
  ],
  ['a member of the closing misspelt', 'closing: { gihub: true }', /:1:12: .*"gihub"/, /"github"/],
  [
    'a webhook of no playbook',
    'hooks: { lost-devise: { audience: a } }',
    /:1:10: "hooks" has no member/,
    /"lost-device"/,
  ],
  [
    'a member that the proof of a webhook does not ask for',
    'hooks: { lost-device: { audience: a } }',
    /:1:25: hooks\.lost-device has no member "audience"/,
    /takes none/,
  ],
  ['a mode that there is not', 'okta: { mode: Live }', /:1:15: okta\.mode is simulate or live/, /^$/],
  ['a rate that would count as none', 'okta: { ratePerMinute: "10" }', /:1:24: okta\.ratePerMinute is a number/, /^$/],
  ['a mapping that says nothing', 'aws-guardduty:', /:1:1: "aws-guardduty" says nothing/, /leave it out/],
  ['text where a mapping belongs', 'okta: live', /:1:7: "okta" is no mapping/, /below it/],
  ['a name of JavaScript', 'constructor: { a: 1 }', /:1:1: "constructor" is no integration/, /./],
  [
    'the same name twice',
    'okta: { mode: live }\nokta: { mode: simulate }',
    /:2:1: Map keys must be unique/,
    /one of the two/,
  ],
  ['YAML that ends too early', 'okta: { mode: live', /:1:19: /, /one YAML mapping/],
  ['tabs', 'okta:\n\tmode: live', /:2:1: /, /./],
  ['an alias', 'okta: &a { mode: live }\nslack: *a', /anchors and aliases/, /./],
  ['a list', '- okta', /:1:1: the file must be one mapping/, /./],
  ['nothing', '', /:1:1: the file must be one mapping/, /./],
])('%s in the configuration is refused in one line with its place', async (_name, yaml, why, hint) => {
  const refused = await read(yaml).catch((error: Error & { hint?: string; exitCode?: number }) => error)
  expect(refused).toMatchObject({ name: 'Failure', message: expect.stringMatching(why), exitCode: 2 })
  const { message, hint: told = '' } = refused as Error & { hint?: string }
  expect(told).toMatch(hint)
  expect(`${message}${told}`).not.toContain('\n')
})

test('a file that is not there is refused in one line', async () => {
  await expect(readConfig('no/such.yaml')).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/^no\/such\.yaml cannot be read: ENOENT/),
  })
})

test.each([
  ['topics', 'aws-guardduty: { topicArns: ["arn:aws:sns:eu-west-1:111122223333:findings"] }'],
  ['an address and a mode', 'okta: { orgUrl: https://x.okta.example, mode: live, ratePerMinute: 60, rateBurst: 5 }'],
  ['a channel that is an integration too', 'slack: { team: T0123ABCD, receive: socket, mode: live }'],
  ['what GitHub says itself', 'github: { appId: 7, mode: live }'],
  ['parts of the server', 'audit: { repository: . }\nclosing: { github: true }\nescalation: { email: true }'],
])('%s are taken', async (_name, yaml) => {
  const { of } = await read(yaml)
  expect(Object.keys(of(yaml.split(':')[0] ?? ''))).not.toEqual([])
})
