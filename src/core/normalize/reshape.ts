import { isObject, type Json, type JsonObject, own } from '../model/index.ts'

/** Named changes of shape that path mappings cannot say, by the name a manifest gives in `reshape:`. */
export const reshapers: Readonly<Record<string, (record: JsonObject) => JsonObject>> = { windows: flattenWindows }

/**
 * A Windows event as the flat fields that Sigma rules read: members of EventData beside EventID, Channel, Computer and
 * Provider_Name. Reads EVTX dumps (`Event.System`), winlogbeat (`winlog.event_data`) and flat records as they are.
 */
function flattenWindows(record: JsonObject): JsonObject {
  const event = own(record, 'Event')
  if (isObject(event)) {
    const system = objectOf(event.System)
    const user = objectOf(event.UserData)
    const [inner] = Object.values(user)
    return {
      ...objectOf(event.EventData),
      ...(isObject(inner) ? inner : {}),
      EventID: numberOf(isObject(system.EventID) ? system.EventID['#text'] : system.EventID),
      Channel: system.Channel ?? null,
      Computer: system.Computer ?? null,
      EventRecordID: system.EventRecordID ?? null,
      Level: numberOf(system.Level),
      Provider_Name: attribute(system.Provider, 'Name'),
      TimeCreated: attribute(system.TimeCreated, 'SystemTime'),
    }
  }
  const winlog = own(record, 'winlog')
  if (isObject(winlog)) {
    const data = objectOf(winlog.event_data)
    return {
      ...objectOf(winlog.user_data),
      ...unnamedOf(data),
      ...data,
      Message: record.message ?? null,
      EventID: numberOf(winlog.event_id),
      Channel: winlog.channel ?? null,
      Computer: winlog.computer_name ?? null,
      EventRecordID: winlog.record_id ?? null,
      Provider_Name: winlog.provider_name ?? null,
      TimeCreated: record['@timestamp'] ?? null,
    }
  }
  const { EventId, ...rest } = record
  return {
    ...rest,
    ...objectOf(record.EventData),
    ...objectOf(record.ExtraEventData),
    EventID: numberOf(record.EventID ?? EventId),
    Computer: record.Computer ?? record.Hostname ?? null,
    Provider_Name: record.Provider_Name ?? record.SourceName ?? record.ProviderName ?? null,
    EventRecordID: record.EventRecordID ?? record.RecordNumber ?? null,
  }
}

/** Winlogbeat calls data without names `param1`, `param2`, …; the other forms have it as the list `Data`. */
function unnamedOf(data: JsonObject): JsonObject {
  const names = Object.keys(data).filter((name) => /^param\d{1,3}$/.test(name))
  return names.length === 0 ? {} : { Data: names.map((name) => data[name] ?? null) }
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const numberOf = (value: Json | undefined): Json =>
  value === undefined || value === null || value === '' || !Number.isFinite(Number(value)) ? null : Number(value)

function attribute(node: Json | undefined, name: string): Json {
  if (!isObject(node)) return node ?? null
  const attributes = node['#attributes']
  return (isObject(attributes) ? attributes[name] : (node[`@${name}`] ?? node[name])) ?? null
}
