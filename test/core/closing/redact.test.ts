import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRedactor } from '../../../src/core/closing/index.ts'
import type { Observable, ObservableType } from '../../../src/core/model/index.ts'

const seen = (type: ObservableType, value: string): Observable => ({ type, value, role: 'target' })
const nothingIsPublic = () => false

test.each([
  [
    'a login, with and without its domain',
    'payroll-clerk@corp.test and payroll-clerk',
    /^user1@example\.com and user2$/,
  ],
  ['a Windows account', 'CORP\\payroll-clerk', /^CORP\\user\d$/],
  ['a machine, with and without its domain', 'desk-7.corp.test and DESK-7', /^host1\.example\.com and host2$/],
  ['a private address by a private one', '10.20.4.42', /^10\.200\.0\.1$/],
  ['a public address by one for examples', '8.8.4.4', /^203\.0\.113\.1$/],
  ['an address of IPv6', '2a00:1450:4001:81b::200e', /^2001:db8::1$/],
  ['an access key by one of its kind', 'AKIAQ3EGRF7ZXW2BVT4N', /^AKIA0+1EXAMPLE$/],
  ['an account in a resource name', 'arn:aws:iam::493827161234:role/x', /^arn:aws:iam::000000000001:role\/x$/],
  ['an address of mail that nobody named before', 'write to new.person@corp.test', /^write to user1@example\.com$/],
  ['a token', 'Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc', /^Bearer REDACTED-1$/],
  ['a password in a command', 'net use x /user:y password=Tr0ub4dor&3', /^net use x \/user:y password=REDACTED-1&3$/],
])('replaced: %s', (_name, text, expected) => {
  const known = [seen('user', 'payroll-clerk@corp.test'), seen('host', 'desk-7.corp.test')]
  const mine = known.filter(({ value }) => text.includes(value.split('@')[0]?.split('.')[0] ?? value))
  expect(createRedactor(mine, [], nothingIsPublic).text(text)).toMatch(expected)
})

test.each([
  ['accounts that every machine has', 'NT AUTHORITY\\SYSTEM runs as root'],
  ['addresses that mean nobody', '127.0.0.1 169.254.169.254 0.0.0.0'],
  ['versions and times', '2026-05-12T08:31:22.000Z with aws-cli/2.17.9'],
  ['values that are examples already', 'user17@example.com from 203.0.113.66 by 2001:db8::7'],
])('kept: %s', (_name, text) => {
  expect(createRedactor([seen('user', 'SYSTEM'), seen('user', 'root')], [], nothingIsPublic).text(text)).toBe(text)
})

test('what a rule asks for stays, and words of the house go', () => {
  const known = [seen('user', 'svc-deploy'), seen('user', 'payroll-clerk')]
  const redactor = createRedactor(known, ['Corptest'], (value) => value === 'svc-deploy')
  expect(redactor.text('svc-deploy and payroll-clerk of CORPTEST')).toBe('svc-deploy and user1 of word1')
})

test('members with names of secrets lose their values, numbers of accounts stay numbers', () => {
  const redactor = createRedactor([], [], nothingIsPublic)
  expect(
    redactor.json({ sessionToken: 'AQoDYXdzEJr', accountId: 493827161234, size: 12, deep: [{ ip: '8.8.8.8' }] }),
  ).toEqual({
    sessionToken: 'REDACTED-1',
    accountId: 1,
    size: 12,
    deep: [{ ip: '203.0.113.1' }],
  })
})

test('the same value becomes the same word, different values different ones, and none of them is left', () => {
  const name = fc.stringMatching(/^[a-z]{3,8}-[a-z]{3,8}$/)
  fc.assert(
    fc.property(
      fc.uniqueArray(name, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(7), { maxLength: 30 }),
      (names, order) => {
        const redactor = createRedactor(
          names.map((one) => seen('user', one)),
          [],
          nothingIsPublic,
        )
        const picked = order.map((n) => names[n % names.length] ?? '')
        const made = picked.map((one) => redactor.text(`"${one}"`))
        expect(redactor.leaks(made.join(' '))).toEqual([])
        for (const [i, a] of picked.entries())
          for (const [j, b] of picked.entries()) expect(made[i] === made[j]).toBe(a === b)
      },
    ),
  )
})

test('a value that stands in the text all the same is told', () => {
  const redactor = createRedactor([seen('user', 'payroll-clerk')], [], nothingIsPublic)
  expect(redactor.text('xpayroll-clerkx')).toBe('xpayroll-clerkx')
  expect(redactor.leaks('xpayroll-clerkx')).toEqual(['payroll-clerk'])
})

test('hostile text takes no time worth speaking of and is no pattern', () => {
  const redactor = createRedactor([seen('user', '(a+)+$.*[x')], ['.*'], nothingIsPublic)
  const text = `${'a'.repeat(200_000)} (a+)+$.*[x ${'1.'.repeat(50_000)} ${'@'.repeat(50_000)}`
  expect(redactor.text(text)).toContain('user1')
})
