import { type JsonObject, own } from '../model/index.ts'
import { keyValuePairs } from './key-value.ts'

/**
 * A line of FortiOS, `date=… time=… devname=… logid=… type=…`, as its fields and `timestamp`, in UTC where the device names
 * no zone; null when the text is none (https://docs.fortinet.com/document/fortigate/7.4.0/fortios-log-message-reference).
 */
export function parseFortiosLine(text: string): JsonObject | null {
  // FortiOS sends no syslog header but the priority.
  const line = text.replace(/^<\d{1,3}>/, '')
  if (!/^date=\S{1,20} time=/.test(line) || !/ log_?id=/.test(line.slice(0, 400))) return null
  const fields: JsonObject = Object.fromEntries(keyValuePairs(line).map(({ name, value }) => [name, value]))
  const zone = /^[+-]\d{4}$/.test(String(own(fields, 'tz'))) ? String(own(fields, 'tz')) : ''
  return { ...fields, format: 'fortios', timestamp: `${String(fields.date)} ${String(fields.time)}${zone}` }
}
