import type { Json, JsonObject } from '../model/index.ts'

/**
 * Zeek's tab-separated log as the records that its JSON writer would have made. The `#fields`, `#types` and `#path`
 * lines must stand before the rows; null for a row that does not fit them.
 */
export function parseZeekTsv(text: string): readonly (JsonObject | null)[] {
  let separator = '\t'
  let fields: readonly string[] = []
  let types: readonly string[] = []
  let path: string | null = null
  const records: (JsonObject | null)[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    if (line.startsWith('#')) {
      const [name, ...values] = line.startsWith('#separator') ? line.split(' ') : line.split(separator)
      if (name === '#separator')
        separator = String(values[0]).replace(/\\x([0-9a-fA-F]{2})/g, (_all, code: string) =>
          String.fromCharCode(Number.parseInt(code, 16)),
        )
      else if (name === '#fields') fields = values
      else if (name === '#types') types = values
      else if (name === '#path') path = values[0] ?? null
      continue
    }
    const values = line.split(separator)
    if (fields.length === 0 || values.length !== fields.length) records.push(null)
    else
      records.push(
        Object.fromEntries([
          ...(path === null ? [] : [['_path', path] as const]),
          ...fields.map((field, index) => [field, typed(values[index] as string, types[index] ?? 'string')] as const),
        ]),
      )
  }
  return records
}

function typed(value: string, type: string): Json {
  if (value === '-') return null
  if (value === '(empty)') return type.startsWith('set') || type.startsWith('vector') ? [] : ''
  if (type.startsWith('set') || type.startsWith('vector')) return value.split(',')
  if (type === 'bool') return value === 'T'
  if (['count', 'int', 'port', 'time', 'interval', 'double'].includes(type))
    return Number.isFinite(Number(value)) ? Number(value) : value
  return value
}
