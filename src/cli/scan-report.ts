import type { CorrelationHit, RuleHead } from '../core/detect/index.ts'
import { type Decision, type Event, type Fact, type LogSource, oneLine, severityName } from '../core/model/index.ts'
import type { Normalized } from '../core/normalize/index.ts'

/** A rule that fired on one event of a file. */
export interface ScanMatch {
  readonly rule: RuleHead
  readonly facts: readonly Fact[]
  readonly event: Event
  readonly file: string
  /** 1-based. */
  readonly number: number
  /** What an overlay changed about the rule; null = nothing. */
  readonly overlay: Decision | null
}

/** A record that no rule could look at, and why. */
interface Unread {
  readonly file: string
  readonly event: number
  readonly code: string
  readonly message: string
}

const maxShown = 20
/** Some manifests take the log source from the record: a sender could make names up. */
const maxLogSources = 200

/** `product/category/service`, as far as known. */
const nameOf = ({ product, category, service }: LogSource) =>
  [product, category, service].filter((one) => one !== undefined).join('/')

/** The facts of a correlation: how many, in which group. */
export function factsOfHit({ count, group }: CorrelationHit): readonly Fact[] {
  return [{ name: 'count', value: count }, ...group.map(([name, value]) => ({ name, value }))]
}

/** One line of JSON for a match. */
export function matchJson({ rule, facts, event, file, number, overlay }: ScanMatch): string {
  const { id, title, severity, techniques, ref } = rule
  return `${JSON.stringify({
    rule: id,
    title,
    kind: ref.kind,
    level: severityName(severity),
    techniques,
    file,
    event: number,
    occurredAt: new Date(event.occurredAt).toISOString(),
    seen: Object.fromEntries(facts.map((fact) => [fact.name, fact.value])),
    ...(overlay === null ? {} : { overlay: overlay.sentence }),
  })}\n`
}

/** One line of text for a match, with what it saw below. */
export function matchText({ rule, facts, event, file, number, overlay }: ScanMatch): string {
  const level = severityName(rule.severity).padEnd(13)
  const time = new Date(event.occurredAt).toISOString()
  const seen = facts.filter((fact) => fact.value !== null).slice(0, 4)
  const below = [
    ...seen.map((fact) => `${fact.name} = ${oneLine(JSON.stringify(fact.value), 160)}`),
    ...(overlay === null ? [] : [`overlay: ${oneLine(overlay.sentence, 300)}`]),
  ].join('\n    ')
  return `${level} ${file}:${number} ${time} ${oneLine(rule.title, 120)} (${oneLine(rule.id, 60)})\n${below === '' ? '' : `    ${below}\n`}`
}

/** Counts what a scan meets. */
export function createScanCounts() {
  const files = new Set<string>()
  const matchedRules = new Map<string, { title: string; level: string; matches: number }>()
  const withheld = new Map<string, { overlay: string; rule: string; events: number; why: string }>()
  const codes = new Map<string, number>()
  const logsources = new Map<string, number>()
  const first: Unread[] = []
  const faults: { file: string; message: string }[] = []
  let records = 0
  let events = 0
  let dropped = 0
  let matches = 0
  return {
    record(file: string, number: number, normalized: Normalized): void {
      files.add(file)
      records++
      if (normalized.kind === 'event') {
        events++
        const name = nameOf(normalized.event.logsource)
        if (logsources.size < maxLogSources || logsources.has(name))
          logsources.set(name, (logsources.get(name) ?? 0) + 1)
      } else if (normalized.kind === 'dropped') dropped++
      else {
        const { code, message } = normalized
        codes.set(code, (codes.get(code) ?? 0) + 1)
        if (first.length < maxShown) first.push({ file, event: number, code, message })
      }
    },
    fault(file: string, message: string): void {
      files.add(file)
      faults.push({ file, message })
    },
    match({ id, title, severity }: RuleHead): void {
      matches++
      const known = matchedRules.get(id)
      if (known === undefined) matchedRules.set(id, { title, level: severityName(severity), matches: 1 })
      else known.matches++
    },
    withheld({ id }: RuleHead, { rule: overlay, sentence: why }: Decision): void {
      const key = JSON.stringify([overlay.id, id])
      const known = withheld.get(key)
      if (known === undefined) withheld.set(key, { overlay: overlay.id, rule: id, events: 1, why })
      else known.events++
    },
    summary() {
      return {
        files: files.size,
        records,
        events,
        dropped,
        faults,
        unread: { count: records - events - dropped, codes: Object.fromEntries(codes), first },
        logsources: Object.fromEntries(logsources),
        matches,
        matched: [...matchedRules].map(([rule, one]) => ({ rule, ...one })).sort((a, b) => b.matches - a.matches),
        withheld: [...withheld.values()].sort((a, b) => b.events - a.events),
      }
    },
  }
}

type Summary = ReturnType<ReturnType<typeof createScanCounts>['summary']>

/** The counts for a person. */
export function summaryText(summary: Summary, rules: { detection: number; correlation: number }): string {
  const { unread, matched } = summary
  const lines = [
    ...(matched.length > 0 ? [''] : []),
    `${summary.matches} matches of ${matched.length} rules on ${summary.events} events in ${summary.files} files` +
      ` (${rules.detection} detection rules, ${rules.correlation} correlations)`,
  ]
  if (matched.length === 0 && summary.events > 0) {
    const seen = Object.entries(summary.logsources).map(([name, count]) => `${name === '' ? 'unknown' : name} ${count}`)
    lines.push(`log sources of the events: ${oneLine(seen.join(', '), 1000)}`)
  }
  for (const { events, why } of summary.withheld)
    lines.push(`withheld on ${events} event${events === 1 ? '' : 's'}: ${oneLine(why, 400)}`)
  for (const one of summary.faults) lines.push(`a file cannot be read to its end: ${oneLine(one.message, 300)}`)
  if (summary.dropped > 0) lines.push(`${summary.dropped} records were dropped by a manifest`)
  if (unread.count > 0) {
    lines.push(`${unread.count} records could not be looked at:`)
    for (const one of unread.first) lines.push(`  ${one.file}:${one.event} ${oneLine(one.message, 120)} [${one.code}]`)
    if (unread.count > unread.first.length) lines.push(`  and ${unread.count - unread.first.length} more`)
  }
  return `${lines.join('\n')}\n`
}
