import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { JsonObject } from '../../../src/core/model/index.ts'
import { parseTextLine } from '../../../src/core/normalize/text-line.ts'

const audit = (rest: string, type = 'SYSCALL') => `type=${type} msg=audit(1778574000.123:4711): ${rest}`

test.each<[string, string, JsonObject]>([
  ['values in quotes and without', audit('exe="/usr/bin/a b" uid=0'), { exe: '/usr/bin/a b', uid: '0' }],
  ['the enriched form', audit('uid=0\u001dSYSCALL=execve UID="root"'), { uid: '0', SYSCALL: 'execve', UID: 'root' }],
  [
    'fields inside the message',
    audit(`pid=1 msg='op=login acct="x y" res=failed'`, 'USER_LOGIN'),
    { acct: 'x y', res: 'failed', pid: '1' },
  ],
  ['hexadecimal where the kernel writes it', audit('proctitle=6361740061', 'PROCTITLE'), { proctitle: 'cat a' }],
  ['digits in quotes are no hexadecimal', audit('a0="4142"', 'EXECVE'), { a0: '4142' }],
  ['registers of a system call are none', audit('a0=4142 a1=41'), { a0: '4142', a1: '41' }],
  ['what is half of a byte is none', audit('a0=414', 'EXECVE'), { a0: '414' }],
  [
    'a field cannot stand in for the type',
    audit('type=EXECVE format=x serial=1'),
    { type: 'SYSCALL', format: 'auditd', serial: 4711 },
  ],
  ['a name of JavaScript is a name', audit('__proto__=x constructor=y'), { constructor: 'y' }],
])('a record of the audit daemon: %s', (_name, line, expected) => {
  const record = parseTextLine(line) as JsonObject
  expect(record).toMatchObject({ time: 1778574000.123, serial: 4711, ...expected })
  expect(Object.getPrototypeOf(record)).toBe(Object.prototype)
})

test.each<[string, string, JsonObject]>([
  [
    'a path with a query',
    '"GET /a/b?c=d HTTP/1.1" 200 5',
    { 'cs-method': 'GET', 'cs-uri-stem': '/a/b', 'cs-uri': '/a/b?c=d', 'sc-status': 200 },
  ],
  ['an escaped quote in the request', '"GET /a\\"b HTTP/1.1" 400 0', { 'cs-uri': '/a\\"b' }],
  ['a request that is none', '"\\x16\\x03\\x01" 400 226', { 'cs-method': '\\x16\\x03\\x01', 'cs-uri': '' }],
  ['no size, no agent', '"GET / HTTP/1.0" 304 - "-" "-"', { 'sc-bytes': null, 'cs-user-agent': null }],
])('a line of an access log: %s', (_name, rest, expected) => {
  const record = parseTextLine(`2001:db8::1 - - [12/May/2026:10:20:00 +0200] ${rest}`)
  expect(record).toMatchObject({ 'c-ip': '2001:db8::1', timestamp: '2026-05-12T10:20:00+02:00', ...expected })
})

test('a month that is none is no time, and the line is still a line', () => {
  expect(parseTextLine('192.0.2.1 - - [12/Xyz/2026:10:20:00 +0200] "GET / HTTP/1.1" 200 1')).toMatchObject({
    ...{ format: 'access-log', timestamp: null },
  })
})

test('whatever stands in a line, it is a record of text and numbers, or no line', () => {
  const part = fc.constantFrom(
    audit(''),
    'date=2026-05-12 time=08:20:00 logid=1 ',
    '192.0.2.1 - - [',
    '<13>',
    'a="',
    "msg='",
    '\\',
    '=',
    '\u001d',
    '"GET /',
  )
  fc.assert(
    fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 8 }), (parts) => {
      const record = parseTextLine(parts.join(' '))
      for (const [name, value] of Object.entries(record ?? {}))
        if (name !== 'syslog' && name !== 'ext') expect(['string', 'number', 'object']).toContain(typeof value)
      expect(JSON.stringify(record)).not.toContain('\\u0000')
    }),
  )
})
