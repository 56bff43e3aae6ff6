import { XMLParser } from 'fast-xml-parser'
import { isObject, type Json, type JsonObject } from '../model/index.ts'

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  processEntities: true,
  // Line breaks in values come as &#xD;&#xA;.
  htmlEntities: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
})

/** Windows events in XML as `{ Event: { System, EventData } }`, the form of EVTX dumps; null when the text holds none. */
export function parseXmlEvents(text: string): readonly JsonObject[] | null {
  if (!text.includes('<Event') || text.includes('<!DOCTYPE') || text.includes('<!ENTITY')) return null
  const sources = eventTexts(text)
  if (sources.length === 0) return null
  const events: JsonObject[] = []
  for (const source of sources) {
    try {
      const parsed = parser.parse(source) as unknown
      if (!isObject(parsed) || !isObject(parsed.Event)) return null
      events.push(windowsEvent(parsed.Event))
    } catch {
      return null
    }
  }
  return events
}

/** The `Event` element as a parser gives it (attributes as `@name`, text beside them as `#text`) in the form of EVTX dumps. */
export function windowsEvent(event: JsonObject): JsonObject {
  return {
    Event: {
      System: systemOf(event.System),
      EventData: dataOf(event.EventData),
      UserData: event.UserData ?? null,
    },
  }
}

/** The `<Event>` elements of a text, in one pass: an opening tag that nothing closes must not be searched again and again. */
function eventTexts(text: string): readonly string[] {
  const found: string[] = []
  const opening = /<Event[\s>]/g
  while (found.length < 10_000) {
    const start = opening.exec(text)
    const end = start === null ? -1 : text.indexOf('</Event>', start.index)
    if (start === null || end < 0) break
    opening.lastIndex = end + '</Event>'.length
    found.push(text.slice(start.index, opening.lastIndex))
  }
  return found
}

function systemOf(raw: Json | undefined): JsonObject {
  if (!isObject(raw)) return {}
  const { Provider, TimeCreated, EventID, ...rest } = raw
  return {
    ...rest,
    EventID: Number(isObject(EventID) ? EventID['#text'] : EventID),
    Provider: { '#attributes': { Name: isObject(Provider) ? (Provider['@Name'] ?? null) : null } },
    TimeCreated: { '#attributes': { SystemTime: isObject(TimeCreated) ? (TimeCreated['@SystemTime'] ?? null) : null } },
  }
}

/**
 * The members of EventData by name. Members without one have their place as name, and are together in `Data`, which is
 * what Sigma's rules for such events look at; a name that stands several times holds a list.
 */
function dataOf(raw: Json | undefined): JsonObject {
  if (!isObject(raw)) return {}
  const items = Array.isArray(raw.Data) ? (raw.Data as readonly Json[]) : raw.Data === undefined ? [] : [raw.Data]
  const found = new Map<string, Json[]>()
  const put = (name: string, value: Json) => {
    const values = found.get(name)
    if (values === undefined) found.set(name, [value])
    else values.push(value)
  }
  for (const [index, item] of items.entries()) {
    const value = isObject(item) ? (item['#text'] ?? '') : item
    const name = isObject(item) ? item['@Name'] : undefined
    put(name === undefined ? `Data${index + 1}` : String(name), value)
    if (name === undefined) put('Data', value)
  }
  return Object.fromEntries(
    [...found].map(([name, values]) => [name, values.length === 1 ? (values[0] as Json) : values]),
  )
}
