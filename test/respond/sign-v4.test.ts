import { expect, test } from 'vitest'
import { signV4 } from '../../src/respond/sign-v4.ts'

/** The credentials, time and place of AWS's published test suite, and of the examples in the S3 reference. */
const suite = {
  service: 'service',
  region: 'us-east-1',
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  at: Date.UTC(2015, 7, 30, 12, 36),
}
const s3 = {
  service: 's3',
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  at: Date.UTC(2013, 4, 24),
}
const form = 'application/x-www-form-urlencoded'

test.each<
  [
    name: string,
    by: typeof suite,
    method: string,
    url: string,
    headers: Record<string, string>,
    body: string,
    signature: string,
  ]
>([
  [
    'get-vanilla',
    suite,
    'GET',
    'https://example.amazonaws.com/',
    {},
    '',
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'post-vanilla',
    suite,
    'POST',
    'https://example.amazonaws.com/',
    {},
    '',
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  ],
  [
    'get-vanilla-query-order-key-case',
    suite,
    'GET',
    'https://example.amazonaws.com/?Param2=value2&Param1=value1',
    {},
    '',
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'post-x-www-form-urlencoded',
    suite,
    'POST',
    'https://example.amazonaws.com/',
    { 'content-type': form },
    'Param1=value1',
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
  [
    'the example of IAM',
    { ...suite, service: 'iam' },
    'GET',
    'https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08',
    { 'content-type': `${form}; charset=utf-8` },
    '',
    '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  ],
  [
    'GET of an object in S3',
    s3,
    'GET',
    'https://examplebucket.s3.amazonaws.com/test.txt',
    { range: 'bytes=0-9' },
    '',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'GET of a lifecycle in S3',
    s3,
    'GET',
    'https://examplebucket.s3.amazonaws.com/?lifecycle',
    {},
    '',
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'GET of a list in S3',
    s3,
    'GET',
    'https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J',
    {},
    '',
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('%s is signed as AWS publishes it', (_name, by, method, url, headers, body, signature) => {
  const added = signV4({ ...by, method, url: new URL(url), headers, body })
  expect(/Signature=([0-9a-f]{64})$/.exec(added.authorization ?? '')?.[1]).toBe(signature)
})

test('a session token is sent and signed, and the secret is nowhere in what is sent', () => {
  const wish = { ...suite, method: 'GET', url: new URL('https://example.amazonaws.com/'), headers: {}, body: '' }
  const added = signV4({ ...wish, sessionToken: 'the-session' })
  expect(added['x-amz-security-token']).toBe('the-session')
  expect(added.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token')
  expect(added.authorization).not.toBe(signV4(wish).authorization)
  expect(JSON.stringify(added)).not.toContain(suite.secretAccessKey)
})
