import type { JsonObject } from '../model/index.ts'

const line =
  /^(\S{1,255}) (\S{1,255}) ([^"[]{1,255}?) \[([^\]]{10,40})\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d{1,15}|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/

/**
 * A line of a web server's access log in the common or combined format, under the names of the W3C extended log format
 * that Sigma uses; null when the text is none (https://httpd.apache.org/docs/2.4/logs.html#accesslog).
 */
export function parseAccessLine(text: string): JsonObject | null {
  const found = line.exec(text)
  if (found === null) return null
  const [, client, , user, at = '', request = '', status, bytes, referer, agent] = found
  const [method = '', uri = '', version = ''] = request.split(' ')
  const query = uri.indexOf('?')
  return {
    format: 'access-log',
    timestamp: timeOf(at),
    'c-ip': client ?? null,
    'cs-username': nil(user),
    request,
    'cs-method': method,
    'cs-uri': uri,
    'cs-uri-stem': query < 0 ? uri : uri.slice(0, query),
    'cs-version': version,
    'sc-status': Number(status),
    'sc-bytes': bytes === '-' ? null : Number(bytes),
    'cs-referer': nil(referer),
    'cs-user-agent': nil(agent),
  }
}

const nil = (text: string | undefined) => (text === undefined || text === '-' ? null : text)
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `12/May/2026:08:31:22 +0000` in RFC 3339; null when it is no such time. */
function timeOf(text: string): string | null {
  const found = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d\d)(\d\d)$/.exec(text)
  if (found === null) return null
  const [, day, name = '', year, clock, hours, minutes] = found
  const month = months.indexOf(name) + 1
  return month === 0 ? null : `${year}-${String(month).padStart(2, '0')}-${day}T${clock}${hours}:${minutes}`
}
