import { expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/model/index.ts'
import { compileIntegration, proofFaults } from '../../../src/core/normalize/index.ts'
import { documentOf } from '../../support/document.ts'

const hmac = { scheme: 'hmac', secret: 's', header: 'x-signature' }

test.each<[JsonObject]>([
  [hmac],
  [{ ...hmac, signed: 'v0:{timestamp}:{body}', timestampHeader: 'x-time', toleranceSeconds: 60 }],
  [{ ...hmac, signed: '{timestamp}.{body}', timestampPrefix: 't=', separator: ',', prefix: 'v1=' }],
  [{ scheme: 'standard-webhooks', secret: 's' }],
  [{ scheme: 'static-header', secret: 's', header: 'authorization', prefix: 'Bearer ' }],
  [{ scheme: 'basic', secret: 's' }],
  [{ scheme: 'url-token', secret: 's' }],
  [{ scheme: 'aws-sns' }],
  [{ scheme: 'oidc-jwt', issuer: 'https://accounts.example.com', jwksUri: 'https://accounts.example.com/certs' }],
  [{ scheme: 'none' }],
])('%j is sound', (verify) => {
  expect(proofFaults(verify)).toEqual([])
})

test.each<[JsonObject, string]>([
  [{ scheme: 'hmac', header: 'x' }, 'secret'],
  [{ scheme: 'hmac', secret: 's' }, 'header'],
  [{ ...hmac, signed: 'v0' }, 'signed'],
  [{ ...hmac, signed: '{body}{body}' }, 'signed'],
  [{ ...hmac, signed: '{timestamp}.{body}' }, 'signed'],
  [{ ...hmac, timestampHeader: 'x-time' }, 'signed'],
  [{ ...hmac, signed: '{timestamp}.{body}', timestampPrefix: 't=' }, 'timestampPrefix'],
  [
    { ...hmac, signed: '{timestamp}.{body}', timestampPrefix: 't=', timestampHeader: 'x-time', separator: ',' },
    'signed',
  ],
  [{ ...hmac, toleranceSeconds: 300 }, 'toleranceSeconds'],
  [{ ...hmac, signed: '{timestamp}.{body}', timestampHeader: 't', toleranceSeconds: 86_400 }, 'toleranceSeconds'],
  [{ ...hmac, algorithm: 'md5' }, 'algorithm'],
  [{ scheme: 'basic', secret: 's', header: 'authorization' }, 'header'],
  [{ scheme: 'aws-sns', secret: 's' }, 'secret'],
  [{ scheme: 'oidc-jwt', issuer: 'https://accounts.example.com' }, 'jwksUri'],
  [{ scheme: 'toString' }, 'scheme'],
  [{}, 'scheme'],
])('%j is refused for its %s', (verify, member) => {
  expect(proofFaults(verify).map((one) => one.member)).toEqual([member])
})

test('a manifest with a worthless proof does not load, and the place is said', () => {
  const compiled = compileIntegration(
    documentOf(
      'integrations/made/integration.yaml',
      `id: made
title: Made
docs: https://example.com
webhook:
  path: made
  verify:
    scheme: hmac
    secret: made-hook
    header: x-signature
    signed: "{timestamp}"
`,
    ),
  )
  expect(compiled).toMatchObject({
    ok: false,
    problems: [
      { code: 'integration/proof', place: { line: 10 } },
      { code: 'integration/proof', place: { line: 10 } },
    ],
  })
})
