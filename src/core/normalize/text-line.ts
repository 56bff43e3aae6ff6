import type { JsonObject } from '../model/index.ts'
import { parseAccessLine } from './access-line.ts'
import { parseAuditLine } from './audit-line.ts'
import { parseFortiosLine } from './fortios-line.ts'

/**
 * A log line as a record: CEF, LEEF, records of the Linux audit daemon and FortiOS (all also behind a syslog header),
 * access logs, syslog RFC 5424 and 3164, else `{ format: "text", message }`. Null for what is no line of text.
 */
export function parseTextLine(line: string): JsonObject | null {
  const audit = parseAuditLine(line)
  if (audit !== null) return audit
  // biome-ignore lint/suspicious/noControlCharactersInRegex: NUL and its like mark binary data
  if (/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(line)) return null
  const embedded = /(?:CEF:\d|LEEF:\d)/.exec(line.slice(0, 300))
  if (embedded !== null) {
    const header = embedded.index === 0 ? null : parseSyslog(`${line.slice(0, embedded.index)}-`)
    const text = line.slice(embedded.index)
    const parsed = text.startsWith('CEF') ? parseCef(text) : parseLeef(text)
    if (parsed !== null) return withHeader(parsed, header)
  }
  const syslog = parseSyslog(line)
  if (syslog === null) return parseFortiosLine(line) ?? parseAccessLine(line) ?? { format: 'text', message: line }
  const message = String(syslog.message)
  const inner = parseAuditLine(message) ?? parseFortiosLine(message) ?? parseAccessLine(message)
  return inner === null ? syslog : withHeader(inner, syslog)
}

function withHeader(record: JsonObject, header: JsonObject | null): JsonObject {
  return header === null
    ? record
    : {
        ...record,
        syslog: {
          hostname: header.hostname ?? null,
          timestamp: header.timestamp ?? null,
          ...(header.app === undefined ? {} : { app: header.app }),
        },
      }
}

const rfc5424 =
  /^<(\d{1,3})>(\d{1,2}) (\S{1,60}) (\S{1,255}) (\S{1,255}) (\S{1,128}) (\S{1,64}) ((?:\[(?:[^\]\\]|\\.)*\])+|-)(?: ([\s\S]*))?$/
const rfc3164 =
  /^<(\d{1,3})>([A-Za-z]{3} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,30}) (\S{1,255}) (?:([^\s:[\]]{1,64})(?:\[(\d{1,10})\])?: ?)?([\s\S]*)$/
const bare =
  /^([A-Za-z]{3} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d) (\S{1,255}) (?:([^\s:[\]]{1,64})(?:\[(\d{1,10})\])?: ?)?([\s\S]*)$/

function parseSyslog(line: string): JsonObject | null {
  const modern = rfc5424.exec(line)
  if (modern !== null) {
    const [, pri, , timestamp, hostname, app, procid, msgid, data, message] = modern
    return {
      ...priority(pri),
      format: 'syslog',
      timestamp: nil(timestamp),
      hostname: nil(hostname),
      app: nil(app),
      procid: nil(procid),
      msgid: nil(msgid),
      structuredData: nil(data),
      message: (message ?? '').replace(/^\ufeff/, ''),
    }
  }
  const old = rfc3164.exec(line)
  if (old !== null) {
    const [, pri, timestamp, hostname, app, procid, message] = old
    return {
      ...priority(pri),
      format: 'syslog',
      timestamp: nil(timestamp),
      hostname: nil(hostname),
      app: nil(app),
      procid: nil(procid),
      message: message ?? '',
    }
  }
  const plain = bare.exec(line)
  if (plain === null) return null
  const [, timestamp, hostname, app, procid, message] = plain
  return {
    format: 'syslog',
    timestamp: nil(timestamp),
    hostname: nil(hostname),
    app: nil(app),
    procid: nil(procid),
    message: message ?? '',
  }
}

const nil = (text: string | undefined) => (text === undefined || text === '-' ? null : text)

function priority(pri: string | undefined): JsonObject {
  const value = Number(pri)
  return value <= 191 ? { facility: value >> 3, severity: value & 7 } : {}
}

/** `CEF:0|vendor|product|version|class|name|severity|extension`; `\|` and `\\` in the header, `\=`, `\\`, `\n` in the extension. */
function parseCef(text: string): JsonObject | null {
  const parts: string[] = []
  let at = 4
  while (parts.length < 7) {
    let part = ''
    for (; at < text.length && text[at] !== '|'; at++)
      part += text[at] === '\\' && at + 1 < text.length ? text[++at] : text[at]
    if (at >= text.length && parts.length < 6) return null
    at++
    parts.push(part)
  }
  const [version, vendor, product, productVersion, classId, name, severity] = parts as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  return {
    format: 'cef',
    version: version.trim(),
    vendor,
    product,
    productVersion,
    classId,
    name,
    severity,
    ext: cefExtension(text.slice(at)),
  }
}

const cefText = (text: string) =>
  text.replace(/\\([=\\nr|])/g, (_all, one: string) => (one === 'n' || one === 'r' ? '\n' : one)).trim()

function cefExtension(text: string): JsonObject {
  const keys = [...text.matchAll(/(?:^|\s)([A-Za-z][A-Za-z0-9_.-]{0,62})(?<!\\)=/g)]
  const entries = keys.slice(0, 300).map((match, index): [string, string] => {
    const from = match.index + match[0].length
    return [match[1] as string, cefText(text.slice(from, keys[index + 1]?.index ?? text.length))]
  })
  const found = Object.fromEntries(entries)
  const labelled = entries.flatMap(([key, label]): [string, string][] => {
    const value = key.endsWith('Label') ? found[key.slice(0, -5)] : undefined
    return value !== undefined && /^[\w .-]{1,60}$/.test(label) ? [[`label.${label}`, value]] : []
  })
  return Object.fromEntries([...entries, ...labelled])
}

/** `LEEF:1.0|vendor|product|version|event|key=value<tab>…`; 2.0 names its delimiter after the event. */
function parseLeef(text: string): JsonObject | null {
  const parts = text.slice(5).split('|')
  if (parts.length < 5) return null
  const [version = '', vendor = '', product = '', productVersion = '', eventId = ''] = parts
  const named = version.startsWith('2') && parts.length > 5 ? (parts[5] as string) : ''
  const code = /^(?:0?x)([0-9a-fA-F]{1,4})$/.exec(named)
  const delimiter =
    code !== null ? String.fromCharCode(Number.parseInt(code[1] as string, 16)) : named.length === 1 ? named : '\t'
  const rest = parts.slice(version.startsWith('2') && parts.length > 5 ? 6 : 5).join('|')
  const attributes = rest
    .split(delimiter)
    .slice(0, 300)
    .flatMap((pair): [string, string][] => {
      const equals = pair.indexOf('=')
      return equals > 0 ? [[pair.slice(0, equals).trim(), pair.slice(equals + 1)]] : []
    })
  return { format: 'leef', version, vendor, product, productVersion, eventId, ext: Object.fromEntries(attributes) }
}
