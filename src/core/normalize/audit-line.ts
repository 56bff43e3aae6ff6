import type { JsonObject } from '../model/index.ts'
import { keyValuePairs, type Pair } from './key-value.ts'

const head = /^(?:node=(\S{1,255}) )?type=([A-Z0-9_]{1,40}) msg=audit\((\d{1,12}\.\d{1,9}):(\d{1,20})\): ?/
/** Fields whose value the kernel writes in hexadecimal when it holds a space, a quote or worse, and in quotes otherwise. */
const encoded = new Set(['proctitle', 'name', 'exe', 'comm', 'cwd', 'cmd', 'data', 'acct', 'key', 'path', 'vm'])

/**
 * A record of the Linux audit daemon as `{ format: "auditd", type, time, serial, node?, … }` with the names of its fields,
 * enriched ones (`SYSCALL`, `AUID`) and those inside `msg='…'` beside them; null when the text is none
 * (https://github.com/linux-audit/audit-documentation/wiki/SPEC-Audit-Event-Enrichment, "Audit record fields").
 */
export function parseAuditLine(line: string): JsonObject | null {
  const found = head.exec(line)
  if (found === null) return null
  const [start, node, type = '', time, serial] = found
  // The enriched form is set off by a group separator.
  const pairs = keyValuePairs(line.slice(start.length).replaceAll('\u001d', ' '))
  const isMessage = (pair: Pair) => pair.name === 'msg' && pair.quoted
  const fields = pairs.flatMap((pair) => (isMessage(pair) ? keyValuePairs(pair.value) : [pair]))
  return {
    ...Object.fromEntries(fields.map((pair) => [pair.name, textOf(pair, type)])),
    format: 'auditd',
    type,
    time: Number(time),
    serial: Number(serial),
    ...(node === undefined ? {} : { node }),
  }
}

function textOf({ name, value, quoted }: Pair, type: string): string {
  const isEncoded = encoded.has(name) || (type === 'EXECVE' && /^a\d{1,4}(\[\d{1,6}\])?$/.test(name))
  if (quoted || !isEncoded || !/^([0-9A-F]{2}){1,50000}$/.test(value)) return value
  const text = Buffer.from(value, 'hex').toString('utf8')
  // Arguments in a process title are divided by NUL, which cannot be stored.
  return text.replaceAll('\u0000', ' ').trimEnd()
}
