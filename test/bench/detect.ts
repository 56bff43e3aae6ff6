import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Bundle } from '../../src/core/content/index.ts'
import { createMatcher, type Matcher, type SigmaRule } from '../../src/core/detect/index.ts'
import { createReadings } from '../../src/core/detect/sigma/log-source.ts'
import type { JsonObject } from '../../src/core/model/index.ts'
import { compareWithReference } from './detect/compare.ts'
import { compile, hasRecordings, normalize, type Recorded, recordedLines, ruleDocuments } from './detect/recorded.ts'

const leastEvents = 60_000
const rounds = 3
const chunk = 2000

/** Processor time of this thread in milliseconds: on a machine that others use too it says more than the clock. */
function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** What one event costs: reading its JSON, and reading it and asking the matcher. */
interface Cost {
  readonly parseUs: number
  readonly bothUs: number
  readonly matches: number
}

/** Reads the lines with and without matching, by turns, so that both meet the same machine; the first round warms up. */
function costOf(matcher: Matcher, events: readonly Recorded[]): Cost {
  const passes = Math.ceil(leastEvents / events.length)
  let [parse, both, matches] = [0, 0, 0]
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) [parse, both, matches] = [0, 0, 0]
    for (let pass = 0; pass < passes; pass++)
      for (let at = 0; at < events.length; at += chunk) {
        const some = events.slice(at, at + chunk)
        const begun = cpuMs()
        for (const { line } of some) JSON.parse(line)
        const parsed = cpuMs()
        for (const { logsource, line } of some)
          matches += matcher.match({ logsource, record: JSON.parse(line) as JsonObject }).length
        parse += parsed - begun
        both += cpuMs() - parsed
      }
  }
  const count = rounds * passes * events.length
  return { parseUs: (parse * 1000) / count, bothUs: (both * 1000) / count, matches: matches / rounds / passes }
}

/** Every letter of every value in a case of its own: values that never come again and satisfy the same rules. */
function unlike(events: readonly Recorded[]): readonly Recorded[] {
  let seed = 1
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed
  }
  const redraw = (text: string) =>
    text.replace(/[a-z]+/gi, (word) => (random() & 0x4000 ? word.toUpperCase() : word.toLowerCase()))
  const passes = Math.ceil(leastEvents / events.length)
  return Array.from({ length: passes }).flatMap(() =>
    events.map(({ logsource, line }) => ({
      logsource,
      line: JSON.stringify(JSON.parse(line), (_name, value) => (typeof value === 'string' ? redraw(value) : value)),
    })),
  )
}

/** A hundred of the rules that apply to the events: every n-th by id. */
function hundredOf(rules: readonly SigmaRule[]): readonly SigmaRule[] {
  const ordered = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1))
  return Array.from({ length: 100 }, (_, nth) => ordered[Math.floor((nth * ordered.length) / 100)] as SigmaRule)
}

/** Measures the Sigma matcher on recorded Windows events with all SigmaHQ rules; `--check` compares it with the reference. */
export async function detect(bundle: Bundle, say: (line: string) => void): Promise<void> {
  if (!hasRecordings) return say('detect     skipped: no recordings and rules (set GITSOC_SHARED_DATA)')
  const documents = ruleDocuments()
  const lines = recordedLines()
  const begun = cpuMs()
  const mixed = normalize(lines, bundle)
  const normalizeUs = ((cpuMs() - begun) * 1000) / lines.length
  if (process.argv.includes('--check')) {
    const { events, matches, differences } = compareWithReference(compile(documents), bundle.mappings, mixed)
    for (const one of differences.slice(0, 20)) say(`detect     ${one}`)
    say(`detect     ${events} events, ${matches} matches, ${differences.length} differences from the plain reference`)
    process.exitCode = differences.length === 0 ? 0 : 1
    return
  }
  say(
    `detect     ${mixed.length} of ${lines.length} recorded lines are events; normalising them takes ${normalizeUs.toFixed(1)} us each`,
  )
  const rules = measureCompile(documents, bundle, mixed, say)
  const readingsOf = createReadings(rules, bundle.mappings)
  const creations = mixed.filter((one) => one.logsource.category === 'process_creation')
  const recordings = { mixed, 'process creations': creations, 'process creations, no value twice': unlike(creations) }
  for (const [name, events] of Object.entries(recordings)) {
    const sources = new Map(events.map(({ logsource }) => [JSON.stringify(logsource), logsource]))
    const applicable = [
      ...new Set([...sources.values()].flatMap((one) => readingsOf(one).flatMap((reading) => reading.rules))),
    ]
    const costs = {
      all: costOf(createMatcher(applicable, bundle.mappings), events),
      'all, no memory': costOf(createMatcher(applicable, bundle.mappings, 0), events),
      hundred: costOf(createMatcher(hundredOf(applicable), bundle.mappings), events),
    }
    for (const [which, { parseUs, bothUs, matches }] of Object.entries(costs))
      say(
        `detect     ${name} (${events.length} events), ${which === 'hundred' ? 100 : applicable.length} rules${which === 'all, no memory' ? ', nothing remembered' : ''}: JSON.parse ${parseUs.toFixed(2)} us, with matching ${bothUs.toFixed(2)} us, ratio ${(parseUs / bothUs).toFixed(3)}; ${matches} matches`,
      )
    const matching = ({ parseUs, bothUs }: Cost) => bothUs - parseUs
    say(
      `detect     ${name}: all rules cost ${(costs.all.bothUs / costs.hundred.bothUs).toFixed(2)} times what 100 do with reading, ${(matching(costs.all) / matching(costs.hundred)).toFixed(2)} times without`,
    )
  }
  measureLarge(createMatcher(rules, bundle.mappings), say)
}

/** Compiles all rules and makes every index that the events ask for. */
function measureCompile(
  documents: ReturnType<typeof ruleDocuments>,
  { mappings }: Bundle,
  events: readonly Recorded[],
  say: (line: string) => void,
): readonly SigmaRule[] {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = () => {
    collect()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return (heapUsed + arrayBuffers) / 1_048_576
  }
  const kindOf = ({ logsource, line }: Recorded) => `${JSON.stringify(logsource)} ${/"EventID":\d+/.exec(line)?.[0]}`
  const kinds = [...new Map(events.map((event) => [kindOf(event), event])).values()]
  const before = used()
  const begun = cpuMs()
  const loaded = compile(documents)
  const compiled = cpuMs()
  const matcher = createMatcher(
    loaded.map((one) => one.rule),
    mappings,
  )
  for (const { logsource, line } of kinds) matcher.match({ logsource, record: JSON.parse(line) as JsonObject })
  const indexed = cpuMs()
  const took = used() - before
  say(
    `detect     ${matcher.ruleCount} of ${documents.length} rules compile in ${((compiled - begun) / 1000).toFixed(2)} s, their indexes for ${kinds.length} kinds of events in ${((indexed - compiled) / 1000).toFixed(2)} s; ${took.toFixed(0)} MB`,
  )
  return loaded.map((one) => one.rule)
}

/** Events as a sender would make them who wants to be slow to read. */
function measureLarge(matcher: Matcher, say: (line: string) => void): void {
  const logsource = { product: 'windows', service: 'sysmon', category: 'process_creation' }
  const cases: Readonly<Record<string, JsonObject>> = {
    'a command line of 10 MB': { CommandLine: 'powershell -enc a/b\\c '.repeat(477_000) },
    'a command line of 10 MB beyond ASCII': { CommandLine: '\u00e4\u2014\u{1f600} cmd '.repeat(1_160_000) },
    '10,000 fields': Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`Field${n}`, `value ${n} cmd.exe`])),
    '500,000 command lines in a list': { CommandLine: Array.from({ length: 500_000 }, (_, n) => `cmd.exe /c ${n}`) },
  }
  for (const [name, record] of Object.entries(cases)) {
    const line = JSON.stringify(record)
    const begun = cpuMs()
    const parsed = JSON.parse(line) as JsonObject
    const read = cpuMs()
    matcher.match({ logsource, record: parsed })
    say(
      `detect     ${name}: ${(cpuMs() - read).toFixed(0)} ms to match, ${(read - begun).toFixed(0)} ms to read; RSS ${(process.memoryUsage().rss / 1_048_576).toFixed(0)} MB`,
    )
  }
}
