import fc from 'fast-check'
import ipaddr from 'ipaddr.js'
import { expect, test } from 'vitest'
import { type ObservableType, observableTypes } from '../../src/core/model/index.ts'
import { openEnricher } from '../../src/enrich/index.ts'
import { networkSet } from '../../src/enrich/network-set.ts'
import { enricherOf, known, observable } from './support.ts'

const list = (parts: object) => JSON.stringify({ name: 'harmless', version: 1, description: '', ...parts })
const good = ['warninglists benign']

test.each<[string, object, ObservableType, string, boolean]>([
  ['an address in a network', { type: 'cidr', list: ['192.0.2.0/24'] }, 'ip', '192.0.2.9', true],
  ['an address beside it', { type: 'cidr', list: ['192.0.2.0/24'] }, 'ip', '192.0.3.9', false],
  ['an address without mask', { type: 'cidr', list: ['192.0.2.7'] }, 'ip', '192.0.2.7', true],
  ['an IPv6 address in a network', { type: 'cidr', list: ['2001:db8::/32'] }, 'ip', '2001:db8:1::7', true],
  ['a network that is all', { type: 'cidr', list: ['0.0.0.0/0'] }, 'ip', '203.0.113.1', true],
  ['a network for a domain', { type: 'cidr', list: ['0.0.0.0/0'] }, 'domain', 'example.org', false],
  ['a name', { type: 'hostname', list: ['example.org'] }, 'domain', 'example.org', true],
  ['a name below', { type: 'hostname', list: ['.Example.org'] }, 'domain', 'cdn.example.org', true],
  ['a name that only ends alike', { type: 'hostname', list: ['example.org'] }, 'domain', 'badexample.org', false],
  ['the host of a URL', { type: 'hostname', list: ['example.org'] }, 'url', 'https://u:p@CDN.example.org:8443/x', true],
  [
    'a URL with the name in its path',
    { type: 'hostname', list: ['example.org'] },
    'url',
    'https://evil.example.net/example.org',
    false,
  ],
  [
    'a text',
    { type: 'string', list: ['D41D8CD98F00B204E9800998ECF8427E'] },
    'hash',
    'd41d8cd98f00b204e9800998ecf8427e',
    true,
  ],
  [
    'a text of a type that the list is not for',
    { type: 'string', list: ['admin'], matching_attributes: ['domain'] },
    'user',
    'admin',
    false,
  ],
  [
    'a type that the list is for',
    { type: 'string', list: ['example.org'], matching_attributes: ['domain'] },
    'domain',
    'example.org',
    true,
  ],
  [
    'a list only for types that we do not have',
    { type: 'string', list: ['x'], matching_attributes: ['__proto__'] },
    'user',
    'x',
    false,
  ],
  ['a name of prototypes', { type: 'string', list: ['__proto__', 'constructor'] }, 'user', '__proto__', true],
  ['a name of prototypes that is not in it', { type: 'string', list: ['x'] }, 'user', 'constructor', false],
])('a warning list knows %s', async (_name, parts, type, value, holds) => {
  const enricher = await enricherOf({ 'warninglists/a.json': list(parts) })
  expect(enricher.problems).toEqual([])
  expect(known(enricher, type, value)).toEqual(holds ? good : [])
})

test.each([
  ['a type that says nothing precise', list({ type: 'regex', list: ['(a+)+$'] }), /"regex" are not read/],
  ['another such type', list({ type: 'substring', list: ['a'] }), /"substring" are not read/],
  ['no list', list({ type: 'string' }), /no "list"/],
  ['a list that is none', list({ type: 'string', list: { length: 3 } }), /no "list"/],
  [
    'entries that are none',
    list({ type: 'cidr', list: ['192.0.2.0/99', 'x', 7, null, '192.0.2.0/24'] }),
    /4 entries are no cidr/,
  ],
  ['damaged JSON', '{"list": [', /cannot be read/],
  ['a list of lists', '[["a"]]', /no "list"/],
])('a warning list with %s is reported', async (_name, text, message) => {
  const enricher = await enricherOf({ 'warninglists/a.json': text })
  expect(enricher.problems).toMatchObject([{ file: 'a.json', message: expect.stringMatching(message) }])
})

const assets = `
users:
  - { name: svc-backup, criticality: critical, owner: platform }
  - { name: user17@example.com, aliases: [user17], criticality: high, owner: finance }
hosts:
  - { name: bastion-1, criticality: high, owner: platform }
networks:
  - { cidr: 10.0.0.0/8, name: company }
  - { cidr: 10.20.9.0/24, name: scanners, criticality: high, owner: security }
`

test('the inventory knows names, aliases, the first label of a host and the smallest network', async () => {
  const enricher = await enricherOf({ 'inventory.yaml': assets })
  expect(enricher.problems).toEqual([])
  const about = (type: ObservableType, value: string) =>
    enricher.enrich([observable(type, value)], 0).map((one) => [one.data.name, one.data.criticality, one.data.owner])
  expect(about('user', 'user17')).toEqual([['user17@example.com', 'high', 'finance']])
  expect(about('host', 'bastion-1.example.com')).toEqual([['bastion-1', 'high', 'platform']])
  expect(about('ip', '10.20.9.9')).toEqual([['scanners', 'high', 'security']])
  expect(about('ip', '10.1.1.1')).toEqual([['company', 'medium', 'unknown']])
  expect(about('host', 'svc-backup')).toEqual([])
  expect(about('user', '__proto__')).toEqual([])
})

test.each([
  ['damaged YAML', 'users:\n  - { name: a\n', /cannot be read/, 3],
  ['an alias', 'users: &a [1]\nhosts: *a', /cannot be read/, undefined],
  ['the same key twice', 'users: []\nusers: []', /cannot be read/, 2],
  ['no mapping', '- a', /no mapping/, undefined],
  ['an unknown section', 'servers: []', /"servers" is none of/, undefined],
  ['a section of prototypes', '__proto__: []', /"__proto__" is none of/, undefined],
  ['a section that is no list', 'users: yes', /users is no list/, undefined],
  ['an entry that is no mapping', 'users: [a]', /no mapping/, undefined],
  ['an entry without name', 'users: [{ owner: a }]', /no name/, undefined],
  ['a name that is no text', 'users: [{ name: { toString: 1 } }]', /no name/, undefined],
  ['a network that is none', 'networks: [{ cidr: 10.0.0.0/99 }]', /no network/, undefined],
  ['an unknown criticality', 'users: [{ name: a, criticality: huge }]', /"huge" is none of low/, undefined],
])('an inventory with %s is reported', async (_name, text, message, line) => {
  const enricher = await enricherOf({ 'inventory.yaml': text })
  expect(enricher.problems).toHaveLength(1)
  expect(enricher.problems[0]?.message).toMatch(message)
  expect(enricher.problems[0]?.line).toBe(line)
})

test('GeoIP knows public addresses and says nothing of others, whatever they look like', async () => {
  const enricher = await openEnricher()
  expect(enricher.enrich([observable('ip', '8.8.8.8')], 0)).toMatchObject([
    { provider: 'geoip', verdict: 'context', data: { country: 'US' } },
  ])
  for (const value of [
    '10.1.2.3',
    '192.168.1.1',
    '',
    'x',
    '999.1.1.1',
    '1.2.3',
    '::ffff',
    ':'.repeat(1000),
    '1.2.3.4.5',
    '٣.٣.٣.٣',
  ])
    expect(enricher.enrich([observable('ip', value)], 0)).toEqual([])
})

test('answers come in the order of the observables and then of the providers, again and again', async () => {
  const enricher = await enricherOf({
    'indicators/a.csv': 'ip,8.8.8.8',
    'warninglists/a.json': list({ type: 'cidr', list: ['8.8.8.0/24'] }),
    'inventory.yaml': 'networks: [{ cidr: 8.8.8.0/24 }]',
  })
  const ask = () =>
    enricher.enrich([observable('user', 'x'), observable('ip', '8.8.8.8'), observable('ip', '8.8.4.4')], 0)
  expect(ask().map((one) => `${one.observable} ${one.provider}`)).toEqual([
    'ip:8.8.8.8 geoip',
    'ip:8.8.8.8 indicators',
    'ip:8.8.8.8 warninglists',
    'ip:8.8.8.8 inventory',
    'ip:8.8.4.4 geoip',
  ])
  expect(ask()).toEqual(ask())
})

test('no observable makes an enricher throw, and the same question has the same answer', async () => {
  const enricher = await enricherOf({
    'inventory.yaml': assets,
    'warninglists/a.json': list({ type: 'hostname', list: ['example.org'] }),
  })
  fc.assert(
    fc.property(fc.constantFrom(...observableTypes), fc.string({ unit: 'binary', maxLength: 300 }), (type, value) => {
      const first = enricher.enrich([observable(type, value)], 5)
      expect(enricher.enrich([observable(type, value)], 5)).toEqual(first)
    }),
    { numRuns: 2000 },
  )
})

test('a flood of distinct values does not grow the cache without end', async () => {
  const enricher = await openEnricher()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 300_000; n++) enricher.enrich([observable('user', `flood-${n}`)], 0)
  expect((process.memoryUsage().heapUsed - before) / 1e6).toBeLessThan(120)
})

test('a set of networks answers as comparing with each of them would', () => {
  const v4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([ip, bits]) => `${ip}/${bits}`)
  const v6 = fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })).map(([ip, bits]) => `${ip}/${bits}`)
  fc.assert(
    fc.property(
      fc.array(fc.oneof(v4, v6), { maxLength: 30 }),
      fc.array(fc.oneof(fc.ipV4(), fc.ipV6())),
      (networks, more) => {
        const set = networkSet<string>()
        for (const one of networks) expect(set.add(one, one)).toBe(true)
        for (const text of [...more, ...networks.map((one) => one.slice(0, one.indexOf('/')))]) {
          const address = ipaddr.process(text)
          const holding = networks.filter((one) => {
            const [network, bits] = ipaddr.parseCIDR(one)
            return network.kind() === address.kind() && address.match(network, bits)
          })
          const smallest = Math.max(...holding.map((one) => ipaddr.parseCIDR(one)[1]))
          expect(set.find(text)).toBe(holding.find((one) => ipaddr.parseCIDR(one)[1] === smallest))
        }
      },
    ),
    { numRuns: 500 },
  )
})
