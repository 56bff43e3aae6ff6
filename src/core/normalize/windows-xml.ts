import { XMLParser } from 'fast-xml-parser'
import { isObject, type Json, type JsonObject } from '../model/index.ts'

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  textNodeName: '#text',
  processEntities: true,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
})

/** Windows events in XML as `{ Event: { System, EventData } }`, the form of EVTX dumps; null when the text holds none. */
export function parseXmlEvents(text: string): readonly JsonObject[] | null {
  if (!text.includes('<Event') || text.includes('<!DOCTYPE') || text.includes('<!ENTITY')) return null
  const sources = text.match(/<Event[\s>][\s\S]*?<\/Event>/g)
  if (sources === null) return null
  const events: JsonObject[] = []
  for (const source of sources.slice(0, 10_000)) {
    try {
      const parsed = parser.parse(source) as unknown
      if (!isObject(parsed) || !isObject(parsed.Event)) return null
      events.push({
        Event: {
          System: systemOf(parsed.Event.System),
          EventData: dataOf(parsed.Event.EventData),
          UserData: (parsed.Event.UserData ?? null) as Json,
        },
      })
    } catch {
      return null
    }
  }
  return events
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

function dataOf(raw: Json | undefined): JsonObject {
  if (!isObject(raw)) return {}
  const items = Array.isArray(raw.Data) ? (raw.Data as readonly Json[]) : raw.Data === undefined ? [] : [raw.Data]
  const entries = items.map((item, index): [string, Json] =>
    isObject(item) ? [String(item['@Name'] ?? `Data${index + 1}`), item['#text'] ?? ''] : [`Data${index + 1}`, item],
  )
  return Object.fromEntries(entries)
}
