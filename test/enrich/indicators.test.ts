import { expect, test } from 'vitest'
import type { ObservableType } from '../../src/core/model/index.ts'
import { enricherOf, known } from './support.ts'

const at = (text: string) => Date.parse(text)
const bad = ['indicators malicious']

test('CSV: types, quotes, comments, expiry; what is wrong is reported with its line and the rest is used', async () => {
  const enricher = await enricherOf({
    'indicators/list.csv': [
      'type,value,description,valid_until',
      '# addresses',
      'ip,203.0.113.66,"phishing kit, second wave ""blue""",2026-06-01',
      'IP,203.0.113.67,wrong type',
      'ip,999.1.1.1,no address',
      'domain,SSO-Example.example.NET.,,2026-06-01T12:00:00+02:00',
      'url,https://evil.example.net/Login,case counts\r',
      '',
      'hash,d41d8cd98f00b204e9800998ecf8427e',
      'ip,203.0.113.68,expires some day,soon',
      'just one cell',
      'ip,2001:DB8:0:0::1,written long',
    ].join('\n'),
  })
  expect(enricher.problems.map((one) => [one.file, one.line])).toEqual([
    ['list.csv', 4],
    ['list.csv', 5],
    ['list.csv', 10],
    ['list.csv', 11],
  ])
  expect(known(enricher, 'ip', '203.0.113.66', at('2026-05-12'))).toEqual(bad)
  const [found] = enricher
    .enrich([{ type: 'ip', value: '203.0.113.66', role: 'attacker' }], at('2026-05-12'))
    .filter((one) => one.verdict === 'malicious')
  expect(found?.sentence).toBe('203.0.113.66 is on the indicator list list.csv: phishing kit, second wave "blue"')
  expect(known(enricher, 'domain', 'sso-example.example.net', at('2026-05-12'))).toEqual(bad)
  expect(known(enricher, 'url', 'https://evil.example.net/Login')).toEqual(bad)
  expect(known(enricher, 'url', 'https://evil.example.net/login')).toEqual([])
  expect(known(enricher, 'hash', 'd41d8cd98f00b204e9800998ecf8427e')).toEqual(bad)
  expect(known(enricher, 'ip', '2001:db8::1')).toEqual(bad)
  expect(known(enricher, 'ip', '203.0.113.67')).toEqual([])
})

test.each([
  ['a day counts to its end', '2026-06-01', '2026-06-01T23:59:59.999Z', true],
  ['and not beyond', '2026-06-01', '2026-06-02T00:00:00Z', false],
  ['a time with zone is exact', '2026-06-01T12:00:00+02:00', '2026-06-01T10:00:00Z', true],
  ['to the millisecond', '2026-06-01T12:00:00+02:00', '2026-06-01T10:00:00.001Z', false],
  ['without expiry it holds for good', '', '2099-01-01', true],
])('expiry is judged at the time asked for: %s', async (_name, until, asked, holds) => {
  const enricher = await enricherOf({ 'indicators/a.csv': `ip,203.0.113.66,x,${until}` })
  for (const when of [0, at(asked), at(asked)]) known(enricher, 'ip', '203.0.113.66', when)
  expect(known(enricher, 'ip', '203.0.113.66', at(asked)).length === 1).toBe(holds)
})

test('of two lists the one that holds longer answers, whatever their order', async () => {
  for (const [first, second] of [
    ['2026-01-01', '2027-01-01'],
    ['2027-01-01', '2026-01-01'],
    ['', '2026-01-01'],
  ]) {
    const enricher = await enricherOf({
      'indicators/a.csv': `ip,203.0.113.66,x,${first}`,
      'indicators/b.csv': `ip,203.0.113.66,x,${second}`,
    })
    expect(known(enricher, 'ip', '203.0.113.66', at('2026-06-01'))).toEqual(bad)
  }
})

const stix = (...objects: object[]) => JSON.stringify({ type: 'bundle', id: 'bundle--1', objects })
const pattern = (text: unknown, more: object = {}) => ({ type: 'indicator', pattern: text, name: 'kit', ...more })

test.each<[string, ObservableType, string]>([
  [`[ipv4-addr:value = '203.0.113.66']`, 'ip', '203.0.113.66'],
  [`[ipv6-addr:value='2001:DB8::66']`, 'ip', '2001:db8::66'],
  [`[domain-name:value = 'Evil.example.net']`, 'domain', 'evil.example.net'],
  [`[url:value = 'https://evil.example.net/it\\'s']`, 'url', "https://evil.example.net/it's"],
  [`[email-addr:value = 'a@example.net']`, 'email', 'a@example.net'],
  [`[file:hashes.'SHA-256' = '${'ab'.repeat(32)}']`, 'hash', 'ab'.repeat(32)],
  [`[file:hashes.MD5 = '${'AB'.repeat(16)}']`, 'hash', 'ab'.repeat(16)],
])('STIX: %s', async (text, type, value) => {
  const enricher = await enricherOf({ 'indicators/bundle.json': stix({ type: 'identity' }, pattern(text)) })
  expect(enricher.problems).toEqual([])
  expect(known(enricher, type, value)).toEqual(bad)
})

test('STIX: patterns that are more than one equality are counted, and the rest of the bundle is used', async () => {
  const enricher = await enricherOf({
    'indicators/bundle.json': stix(
      pattern(`[ipv4-addr:value = '203.0.113.1' OR ipv4-addr:value = '203.0.113.2']`),
      pattern(`[ipv4-addr:value = '203.0.113.1'] FOLLOWEDBY [url:value = 'x']`),
      pattern(`[ipv4-addr:value ISSUBSET '203.0.113.0/24']`),
      pattern(`[constructor:value = 'x']`),
      pattern(`[process:name = 'x']`),
      pattern(`[ipv4-addr:value = '']`),
      pattern(`[ipv4-addr:value = 'not an address']`),
      pattern({ toString: null }),
      pattern(`alert tcp any any`, { pattern_type: 'snort' }),
      pattern(`[ipv4-addr:value = '203.0.113.3']`, { valid_until: 'never' }),
      pattern(`[ipv4-addr:value = '${"'".repeat(3)}']`),
      pattern(`[ipv4-addr:value = '${'9'.repeat(100_000)}']`),
      pattern(`[ipv4-addr:value = '203.0.113.4']`, { revoked: true }),
      pattern(`[ipv4-addr:value = '203.0.113.5']`, { valid_until: '2026-06-01T00:00:00.000Z' }),
      pattern(`[ipv4-addr:value = '203.0.113.6']`, { name: { toString: 1 } }),
    ),
  })
  expect(enricher.problems.map((one) => one.message)).toEqual([expect.stringContaining('12 STIX indicators')])
  expect(known(enricher, 'ip', '203.0.113.4')).toEqual([])
  expect(known(enricher, 'ip', '203.0.113.5', at('2026-05-01'))).toEqual(bad)
  expect(known(enricher, 'ip', '203.0.113.5', at('2026-07-01'))).toEqual([])
  expect(known(enricher, 'ip', '203.0.113.6')).toEqual(bad)
})

test('MISP: attributes of an event, of its objects and of a search; what MISP does not detect with is left out', async () => {
  const attribute = (type: string, value: unknown, more: object = {}) => ({ type, value, to_ids: true, ...more })
  const event = {
    info: 'campaign',
    Attribute: [
      attribute('ip-dst', '203.0.113.66'),
      attribute('ip-src', '203.0.113.67', { to_ids: false }),
      attribute('ip-src', '203.0.113.68', { deleted: true }),
      attribute('ip-dst|port', '203.0.113.69|443'),
      attribute('__proto__', 'x'),
      attribute('domain', { toString: null }),
      null,
    ],
    Object: [{ Attribute: [attribute('sha1', 'AB'.repeat(20), { comment: 'dropper' })] }],
  }
  const files = {
    'indicators/event.json': JSON.stringify({ Event: event }),
    'indicators/search.json': JSON.stringify({
      response: [{ Event: { info: 'x', Attribute: [attribute('hostname', 'c2.example.net')] } }],
    }),
  }
  const enricher = await enricherOf(files)
  expect(enricher.problems.map((one) => one.message)).toEqual([expect.stringContaining('3 MISP attributes')])
  expect(known(enricher, 'ip', '203.0.113.66')).toEqual(bad)
  for (const value of ['203.0.113.67', '203.0.113.68', '203.0.113.69']) expect(known(enricher, 'ip', value)).toEqual([])
  expect(known(enricher, 'hash', 'ab'.repeat(20))).toEqual(bad)
  expect(known(enricher, 'domain', 'c2.example.net')).toEqual(bad)
})

test.each([
  ['no JSON', 'indicators/x.json', '{"type":', /cannot be read/],
  ['a JSON list', 'indicators/x.json', '[]', /neither a STIX/],
  ['null', 'indicators/x.json', 'null', /neither a STIX/],
  ['a number', 'indicators/x.json', '7', /neither a STIX/],
  ['nothing', 'indicators/x.json', '', /cannot be read/],
  ['a very deep document', 'indicators/x.json', '['.repeat(200_000), /cannot be read/],
  ['binary', 'indicators/x.csv', '\u0000\u0001\ufffd', /no type of observable/],
  ['a page of HTML', 'indicators/x.csv', '<html>', /no type of observable/],
])('a list that is %s is reported and the others work', async (_name, name, text, message) => {
  const enricher = await enricherOf({ [name]: text, 'indicators/y.csv': 'ip,203.0.113.66' })
  expect(enricher.problems.map((one) => one.message)).toEqual([expect.stringMatching(message)])
  expect(known(enricher, 'ip', '203.0.113.66')).toEqual(bad)
})

test('of a list that is wrong throughout the first problems are shown and the rest counted', async () => {
  const enricher = await enricherOf({ 'indicators/x.csv': 'nonsense\n'.repeat(50_000) })
  expect(enricher.problems).toHaveLength(21)
  expect(enricher.problems.at(-1)?.message).toBe('49980 more problems')
})
