import { expect, test } from 'vitest'
import { compileIntegration } from '../../src/core/normalize/index.ts'
import { webhookStatus } from '../../src/ingest/index.ts'
import { documentOf } from '../support/document.ts'
import { makeSecret, snsTopic } from '../support/sign.ts'

const integrationOf = (id: string, verify: string) => {
  const compiled = compileIntegration(
    documentOf(
      `integrations/${id}/integration.yaml`,
      `id: ${id}\ntitle: ${id}\nwebhook: { path: ${id}, verify: ${verify} }\n`,
    ),
  )
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return compiled.value
}

const all = [
  integrationOf('hmac', '{ scheme: hmac, secret: key, header: x }'),
  integrationOf('standard', '{ scheme: standard-webhooks, secret: key }'),
  integrationOf('header', '{ scheme: static-header, secret: key, header: x }'),
  integrationOf('basic', '{ scheme: basic, secret: key }'),
  integrationOf('token', '{ scheme: url-token, secret: key }'),
  integrationOf('sns', '{ scheme: aws-sns }'),
  integrationOf('oidc', '{ scheme: oidc-jwt, issuer: "https://i.example.com", jwksUri: "https://i.example.com/k" }'),
  integrationOf('none', '{ scheme: none }'),
]

test('what lacks its secret, topic, audience or loopback is said, and why', async () => {
  const found = await webhookStatus(all, { secrets: () => undefined, loopback: false }, () => ({}))
  expect(found.map((one) => [one.path, one.configured])).toEqual(all.map((one) => [`/in/${one.id}`, false]))
  for (const one of found) expect(one.reason).toMatch(/\w{3}/)
})

test('what has everything is configured, and no secret is in what is said', async () => {
  const key = makeSecret()
  const config = (id: string) => (id === 'sns' ? { topicArns: [snsTopic] } : { audience: 'a' })
  const found = await webhookStatus(all, { secrets: () => [key], loopback: true }, config)
  expect(found.filter((one) => !one.configured)).toEqual([])
  expect(JSON.stringify(found)).not.toContain(key)
})
