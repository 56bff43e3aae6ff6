import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Bundle } from '../../src/core/content/index.ts'
import {
  createRarityDetector,
  createRarityState,
  learntBy,
  type RarityRule,
  type RarityState,
  restoreRarityState,
  takeRarityChanges,
} from '../../src/core/detect/index.ts'
import {
  type Event,
  eventId,
  type Json,
  type JsonObject,
  type LogSource,
  tenantId,
} from '../../src/core/model/index.ts'
import { say } from './scratch.ts'

const tenant = tenantId('main')
const base = Date.UTC(2026, 4, 1)
const day = 86_400_000
const nowhere = () => null

/** Seconds of processor time: what the rules cost, however many others work on the machine. */
const worked = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}

function eventOf(at: number, logsource: LogSource, record: JsonObject): Event {
  return {
    ...{ id: eventId(tenant, 'bench', '0'), tenant, source: 'bench', inbound: 'x', seq: 1, index: 0 },
    ...{ occurredAt: at, timeNote: 'as-sent', receivedAt: at, logsource, observables: [], record },
  }
}

const countries = ['Germany', 'France', 'Netherlands', 'Poland', 'Spain']

function signIn(n: number, user: string, at: number): Event {
  return eventOf(
    at,
    { product: 'okta', service: 'okta' },
    {
      ...{ eventType: 'user.session.start', outcome: { result: 'SUCCESS' }, actor: { alternateId: user } },
      client: {
        ipAddress: '198.51.100.7',
        geographicalContext: {
          ...{ city: 'x', country: countries[n % 5] as string },
          geolocation: { lat: 50 + (n % 5), lon: 8 },
        },
      },
    },
  )
}

function call(n: number, name: string, roles: number, at: number): Event {
  return eventOf(
    at,
    { product: 'aws', service: 'cloudtrail' },
    {
      ...{ eventSource: name === 'GetObject' ? 's3.amazonaws.com' : 'ec2.amazonaws.com', eventName: name },
      ...{ awsRegion: 'eu-central-1', readOnly: name === 'GetObject', recipientAccountId: '111122223333' },
      ...{ sourceIPAddress: '198.51.100.7', userAgent: 'aws-sdk-go-v2/1.30.3' },
      userIdentity: {
        ...{ type: 'AssumedRole', arn: `arn:aws:sts::111122223333:assumed-role/r${n % roles}/s` },
        accessKeyId: `AKIA${n % roles}`,
        sessionContext: { sessionIssuer: { arn: `arn:aws:iam::111122223333:role/r${n % roles}` } },
      },
    },
  )
}

function start(n: number, hosts: number, at: number): Event {
  return eventOf(
    at,
    { product: 'windows', service: 'sysmon', category: 'process_creation' },
    {
      ...{ EventID: 1, Computer: `ws-${n % hosts}.example.com` },
      ...{ ParentImage: `C:\\Windows\\p${n % 40}.exe`, Image: `C:\\Windows\\System32\\c${n % 90}.exe` },
    },
  )
}

const quiet = (n: number, at: number) =>
  eventOf(at, { product: 'suricata', service: 'flow' }, { event_type: 'flow', src_ip: `10.0.${n % 250}.1` })

/** What a company of 100,000 people sends: every event is looked at by one rule or some, but for the last line. */
function mixed(n: number): Event {
  const at = base + n * 4000
  switch (n % 10) {
    case 0:
    case 1:
      return signIn(n, `user${n % 100_000}@example.com`, at)
    case 2:
    case 3:
      return call(n, `Call${n % 60}`, 2000, at)
    case 4:
    case 5:
      return call(n, 'GetObject', 2000, at)
    case 6:
    case 7:
      return start(n, 20_000, at)
    case 8:
      return eventOf(
        at,
        { product: 'zeek', service: 'dns' },
        { 'id.orig_h': `10.1.${n % 250}.9`, query: 'example.com' },
      )
    default:
      return quiet(n, at)
  }
}

/** Every rarity rule on 400,000 mixed events; then 100,000 entities in memory and out of the store; then made-up names. */
export function rarity(bundle: Bundle): void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = () => {
    collect()
    return process.memoryUsage().heapUsed
  }
  throughput(bundle)
  for (const rule of bundle.rarity.rules) {
    if (rule.id !== idOf(bundle, 'okta_sign_in_new_country') && rule.id !== idOf(bundle, 'okta_impossible_travel'))
      continue
    memory({ ...rule, caps: { ...rule.caps, entities: 100_000 } }, heap)
  }
  const spike = bundle.rarity.rules.find((rule) => rule.id === idOf(bundle, 'aws_s3_object_reads'))
  if (spike !== undefined) memory({ ...spike, caps: { ...spike.caps, entities: 100_000 } }, heap)
  flood(bundle, heap)
}

const idOf = (bundle: Bundle, name: string) =>
  bundle.rarity.rules.find((rule) => rule.ref.place?.file === `rules/rarity/${name}.yaml`)?.id

function throughput(bundle: Bundle): void {
  const count = 400_000
  const detector = createRarityDetector(bundle.rarity.rules, bundle.mappings)
  const state = createRarityState()
  let spent = 0
  let rows = 0
  let hits = 0
  let storing = 0
  for (let from = 0; from < count; from += 1000) {
    const events = Array.from({ length: 1000 }, (_, n) => mixed(from + n))
    const started = worked()
    for (const event of events) hits += detector.observe(state, event, nowhere).length
    spent += worked() - started
    const taking = worked()
    rows += takeRarityChanges(state).upserts.length
    storing += worked() - taking
  }
  say(
    `rarity     ${bundle.rarity.rules.length} rules, ${count} mixed events of 100,000 users, 20,000 hosts, 2,000 roles: ${(count / spent).toFixed(0)} events in a second of processor time; ${(rows / count).toFixed(2)} rows to store for an event, ${((storing / count) * 1e6).toFixed(1)} us each; ${hits} alerts`,
  )
}

/** Ten days of an entity: so many events of it, one after the other in the days. */
function fill(rule: RarityRule, state: RarityState, entities: number): number {
  const detector = createRarityDetector([rule])
  let n = 0
  for (let days = 0; days < 10; days++)
    for (let one = 0; one < entities; one++) {
      const at = base + days * day + one * 800
      const event =
        rule.kind === 'spike'
          ? call(one, 'GetObject', entities, at)
          : signIn(one + (days % 3), `user${one}@example.com`, at)
      detector.observe(state, event, nowhere)
      n++
    }
  return n
}

function memory(rule: RarityRule, heap: () => number): void {
  const before = heap()
  let state = createRarityState()
  const started = worked()
  const count = fill(rule, state, 100_000)
  const spent = worked() - started
  const stored = new Map(takeRarityChanges(state).upserts.map(([key, doc]) => [key, JSON.stringify(doc)]))
  const bytes = [...stored.values()].reduce((sum, text) => sum + text.length, 0)
  const texts = heap()
  const [learnt] = learntBy(state)
  state = createRarityState()
  const freed = texts - heap()
  const restoring = worked()
  const restored = restoreRarityState([...stored].map(([key, text]) => [key, JSON.parse(text) as Json] as const))
  const took = worked() - restoring
  say(
    `rarity     ${rule.kind}: 100,000 entities after ${count} events (${(count / spent).toFixed(0)} in a second of processor time, with making them) hold ${Math.round(freed / 1_048_576)} MB of heap (${Math.round(freed / 100_000)} bytes each; ${learnt?.tables.map(({ name, size }) => `${size} ${name}`).join(', ')}); ${stored.size} rows of together ${Math.round(bytes / 1_048_576)} MB, read back in ${took.toFixed(1)} s (${restored.memories.size} rules); heap before ${Math.round(before / 1_048_576)} MB`,
  )
}

function flood(bundle: Bundle, heap: () => number): void {
  const rule = bundle.rarity.rules.find((one) => one.id === idOf(bundle, 'okta_sign_in_new_country'))
  if (rule === undefined) return
  const detector = createRarityDetector([rule])
  const state = createRarityState()
  for (let days = 0; days < 10; days++)
    for (let one = 0; one < 5000; one++)
      detector.observe(state, signIn(one, `user${one}@example.com`, base + days * day + one), nowhere)
  takeRarityChanges(state)
  const before = heap()
  let spent = 0
  for (let n = 0; n < 1_000_000; n += 1000) {
    const events = Array.from({ length: 1000 }, (_, k) => signIn(n + k, `made-up-${n + k}`, base + 10 * day + n + k))
    const started = worked()
    for (const event of events) detector.observe(state, event, nowhere)
    takeRarityChanges(state)
    spent += worked() - started
  }
  const [learnt] = learntBy(state)
  const table = learnt?.tables.find((one) => one.name === 'entities')
  say(
    `rarity     1,000,000 made-up users against 5,000 with history (cap ${rule.caps.entities}): ${(1e6 / spent).toFixed(0)} events in a second of processor time, ${Math.round((heap() - before) / 1_048_576)} MB more heap, ${table?.size} entities kept, ${table?.established} with history, ${learnt?.counts.evicted} made-up ones given up`,
  )
}
