import { readFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { compileIntegration } from '../../src/core/normalize/index.ts'
import { readOutput } from '../../src/respond/read-output.ts'
import { elementAt, readXml } from '../../src/respond/xml-answer.ts'
import { documentOf } from '../support/document.ts'

// In the form that docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html gives; the values are ours.
const owner = (userName: string) => `<?xml version="1.0" encoding="UTF-8"?>
<GetAccessKeyLastUsedResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
  <GetAccessKeyLastUsedResult>
    ${userName}
    <AccessKeyLastUsed><Region>eu-central-1</Region><ServiceName>s3</ServiceName><LastUsedDate>2026-05-12T08:00:00Z</LastUsedDate></AccessKeyLastUsed>
  </GetAccessKeyLastUsedResult>
  <ResponseMetadata><RequestId>7a62c49f-0000-4000-8000-000000000001</RequestId></ResponseMetadata>
</GetAccessKeyLastUsedResponse>`

const findKeyOwner = async () => {
  const file = 'integrations/aws-iam/integration.yaml'
  const compiled = compileIntegration(documentOf(file, await readFile(file, 'utf8')))
  const spec = compiled.ok ? compiled.value.actions.find((one) => one.id === 'find_key_owner') : undefined
  if (spec === undefined) throw new Error('there is no such action')
  return spec
}

test('the owner of a key is read from the answer of IAM, and nothing else of it', async () => {
  const output = readOutput(await findKeyOwner(), 200, owner('<UserName>ci-deploy</UserName>'))
  expect(output).toEqual({ ok: true, output: { UserName: 'ci-deploy' } })
})

test.each([
  ['without a user', owner(''), /UserName/],
  ['with two users', owner('<UserName>a</UserName><UserName>b</UserName>'), /UserName/],
  ['whose user holds elements', owner('<UserName><b>x</b></UserName>'), /UserName/],
  ['of another action', '<GetUserResponse><GetUserResult/></GetUserResponse>', /no element/],
  ['in JSON', { UserName: 'ci-deploy' }, /no XML/],
  ['that is empty', null, /no XML/],
])('an answer %s is none', async (_name, answer, why) => {
  const output = readOutput(await findKeyOwner(), 200, answer)
  expect(output).toMatchObject({ ok: false })
  if (!output.ok) expect(output.why).toMatch(why)
})

describe('what is declared gives the types', () => {
  const volumes = {
    type: 'object',
    properties: {
      volumeSet: {
        type: 'object',
        properties: {
          item: {
            type: 'array',
            items: { type: 'object', properties: { size: { type: 'integer' }, encrypted: { type: 'boolean' } } },
          },
        },
      },
    },
  }
  const listed = (items: string) => {
    const read = readXml(`<e:Answer xmlns:e="urn:x"><volumeSet>${items}</volumeSet></e:Answer>`)
    if (!read.ok) throw new Error(read.why)
    return elementAt(read.value, '/Answer', volumes)
  }
  test.each([
    ['a list of none', '', { volumeSet: {} }],
    ['a list of one', '<item><size>8</size></item>', { volumeSet: { item: [{ size: 8 }] } }],
    [
      'a list of two',
      '<item><encrypted>true</encrypted></item><item/>',
      { volumeSet: { item: [{ encrypted: true }, {}] } },
    ],
    ['a number that is none stays text', '<item><size>8e3</size></item>', { volumeSet: { item: [{ size: '8e3' }] } }],
    ['text is not taken for a number', '<item><name>007</name></item>', { volumeSet: { item: [{ name: '007' }] } }],
    ['escaped text', '<item><name>a &amp;&#x2F; b</name></item>', { volumeSet: { item: [{ name: 'a &/ b' }] } }],
  ])('%s', (_name, items, seen) => {
    expect(listed(items)).toEqual(seen)
  })
})

test.each([
  [
    'entities that grow',
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><R>&c;</R>',
    /declares/,
  ],
  ['an entity of a file', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><R>&x;</R>', /declares/],
  ['a type from elsewhere', '<!DOCTYPE r SYSTEM "http://192.0.2.1/r.dtd"><R/>', /declares/],
  ['a declaration in another spelling', '<!doctype r><R/>', /declares/],
  ['depth', `${'<a>'.repeat(33)}${'</a>'.repeat(33)}`, /nested/],
  ['much depth', `${'<a>'.repeat(49_000)}${'</a>'.repeat(49_000)}`, /nested|well-formed/],
  ['many elements', `<R>${'<a/>'.repeat(50_001)}</R>`, /more than/],
  ['another encoding, named', '<?xml version="1.0" encoding="ISO-8859-1"?><R/>', /encoding/],
  ['another encoding, unnamed', Buffer.from('<R>caf\xe9</R>', 'latin1').toString('utf8'), /UTF-8/],
  ['UTF-16', Buffer.from('<R>x</R>', 'utf16le').toString('utf8'), /UTF-8/],
  ['an element that is not closed', '<R><a></R>', /well-formed/],
  ['two roots', '<R/><S/>', /well-formed|root/],
  ['an error page', 'Service Unavailable', /well-formed/],
  ['the name of what every object inherits from', '<R><__proto__><polluted>yes</polluted></__proto__></R>', /no XML/],
])('refused: %s', (_name, text, why) => {
  const read = readXml(text)
  expect(read.ok).toBe(false)
  if (!read.ok) expect(read.why).toMatch(why)
  expect(({} as { polluted?: string }).polluted).toBeUndefined()
})

test('what is nested 32 levels deep is read', () => {
  expect(readXml(`${'<a>'.repeat(32)}x${'</a>'.repeat(32)}`).ok).toBe(true)
})

test('an entity that nobody declared stays as it is written', () => {
  expect(readXml('<R>&secret;</R>')).toEqual({ ok: true, value: { R: '&secret;' } })
})
