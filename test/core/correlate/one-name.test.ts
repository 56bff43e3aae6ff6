import { expect, test } from 'vitest'
import { underOneName } from '../../../src/core/correlate/index.ts'
import type { Enrichment, Observable } from '../../../src/core/model/index.ts'

const user = (value: string, role: Observable['role'] = 'target'): Observable => ({ type: 'user', value, role })
const ofInventory = (observable: string, name: string, provider = 'inventory'): Enrichment => ({
  observable,
  provider,
  verdict: 'context',
  sentence: '',
  data: { name, criticality: 'high', owner: 'finance' },
})
const both = [user('user17'), user('user17@example.com')]
const known = [
  ofInventory('user:user17', 'user17@example.com'),
  ofInventory('user:user17@example.com', 'user17@example.com'),
]

test.each<
  [what: string, observables: readonly Observable[], enrichments: readonly Enrichment[], names: readonly string[]]
>([
  ['the inventory names both in one entry', both, known, ['user17@example.com']],
  ['the inventory knows nothing', both, [], ['user17', 'user17@example.com']],
  ['the inventory knows only the address', both, known.slice(1), ['user17', 'user17@example.com']],
  [
    'the names look alike and are two entries',
    [user('user17'), user('user17@example.org')],
    [ofInventory('user:user17', 'user17@example.com'), ofInventory('user:user17@example.org', 'user17@example.org')],
    ['user17@example.com', 'user17@example.org'],
  ],
  [
    'another provider than the inventory says so',
    both,
    known.map((one) => ({ ...one, provider: 'indicators' })),
    ['user17', 'user17@example.com'],
  ],
  [
    'it played two parts',
    [user('user17'), user('user17@example.com', 'attacker')],
    known,
    ['user17@example.com', 'user17@example.com'],
  ],
  [
    'the name is in capitals',
    both,
    known.map((one) => ({ ...one, data: { ...one.data, name: 'User17@Example.com' } })),
    ['user17@example.com'],
  ],
])('who a user is, when %s', (_, observables, enrichments, names) => {
  expect(underOneName({ observables, enrichments }).map((one) => one.value)).toEqual(names)
})

test('only users have another name: the name of a network says nothing of an address in it', () => {
  const ip: Observable = { type: 'ip', value: '10.20.1.1', role: 'target' }
  expect(underOneName({ observables: [ip], enrichments: [ofInventory('ip:10.20.1.1', 'office network')] })).toEqual([
    ip,
  ])
})
