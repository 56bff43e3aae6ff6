import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Bundle } from '../core/content/index.ts'
import { createMatcher, type Matcher, type SigmaRule } from '../core/detect/index.ts'
import { type Event, oneLine, severityName, tenantId } from '../core/model/index.ts'
import { createNormalizer } from '../core/normalize/index.ts'
import { Failure } from './failure.ts'
import { loadBundle, root } from './load-bundle.ts'
import { chosenRules, type RuleOptions, withRuleOptions } from './load-rules.ts'
import { createProgress } from './progress.ts'
import { parseRegressionCase, type RegressionCase } from './regression-case.ts'
import { rulesGroup } from './rules-group.ts'

interface Options extends RuleOptions {
  readonly extra?: boolean
  readonly json?: boolean
}

interface Failed {
  readonly case: string
  readonly rule: string
  readonly wanted: number
  readonly matched: number
  readonly reason: string
}

/** A rule that fired on events of a case that is about another one. */
interface Extra {
  readonly case: string
  readonly rule: string
  readonly title: string
  readonly level: string
  readonly matched: number
}

/** `gitsoc rules regress`: recorded events on which named rules must fire. */
export function register(program: Command): void {
  withRuleOptions(rulesGroup(program).command('regress <cases>'))
    .description('run recorded cases: events, and the rule that must fire on them, one case a line of JSON')
    .option('--extra', 'list also the other rules that fire on those events')
    .option('--json', 'end with one line of JSON: cases, passed, failed, extra')
    .addHelpText(
      'after',
      '\nA case is {"case", "rule_id", "match_count", "events"}; it fails when its rule fires on fewer events than match_count, or on' +
        '\nnone when that is null. Events go through the integrations and pipelines, as in operation.' +
        '\nExit codes: 0 all pass, 1 some fail, 2 wrong usage.' +
        '\n\nExample:\n  gitsoc rules regress cases.jsonl --rules ~/sigma/rules --extra --json',
    )
    .action(regress)
}

async function regress(path: string, options: Options): Promise<void> {
  const file = await open(path).catch((error: Error) => {
    throw new Failure(`the cases cannot be read: ${error.message}`, { exitCode: 2 })
  })
  const bundle = await loadBundle({ content: root, ...options })
  const { detections } = await chosenRules(options, bundle)
  const matcher = createMatcher(detections, bundle.mappings)
  const known = new Set(detections.map((rule) => rule.id))
  const failed: Failed[] = []
  const extra: Extra[] = []
  let cases = 0
  const progress = createProgress('cases')
  for await (const line of file.readLines()) {
    if (line.trim() === '') continue
    cases++
    progress.update(0, 0, `${cases} done`)
    const one = parseRegressionCase(line)
    if (typeof one === 'string') {
      failed.push({ case: `line ${cases}`, rule: '', wanted: 1, matched: 0, reason: one })
      continue
    }
    const { events, unread } = eventsOf(one, bundle)
    const found = matchesOf(matcher, events)
    const matched = found.get(one.rule)?.matched ?? 0
    if (matched < one.wanted) {
      const reason = reasonOf(known.has(one.rule), unread)
      failed.push({ case: one.name, rule: one.rule, wanted: one.wanted, matched, reason })
    }
    for (const { rule, matched } of found.values()) {
      if (rule.id === one.rule) continue
      const { id, title, severity } = rule
      extra.push({ case: one.name, rule: id, title, level: severityName(severity), matched })
    }
  }
  progress.end()
  if (cases === 0)
    throw new Failure(`there is no case in ${oneLine(path, 200)}`, {
      hint: 'a case is one line of JSON: {"case", "rule_id", "match_count", "events"}',
      exitCode: 2,
    })
  const report = { cases, passed: cases - failed.length, failed, ...(options.extra ? { extra } : {}) }
  process.stdout.write(options.json ? `${JSON.stringify(report)}\n` : text(report))
  if (failed.length > 0) process.exitCode = 1
}

function eventsOf(one: RegressionCase, { integrations }: Bundle) {
  const normalizer = createNormalizer(integrations, tenantId('main'))
  const body = new TextEncoder().encode(one.events.map((event) => `${JSON.stringify(event)}\n`).join(''))
  const delivery = {
    source: null,
    transport: 'file',
    contentType: 'application/x-ndjson',
    receivedAt: Date.now(),
  } as const
  const events: Event[] = []
  let unread = 0
  for (const normalized of normalizer.normalize({ ...delivery, seq: 1, body })) {
    if (normalized.kind === 'event') events.push(normalized.event)
    else unread++
  }
  return { events, unread }
}

function matchesOf(matcher: Matcher, events: readonly Event[]) {
  const found = new Map<string, { rule: SigmaRule; matched: number }>()
  for (const event of events) {
    for (const { rule } of matcher.match(event)) {
      const entry = found.get(rule.id)
      if (entry === undefined) found.set(rule.id, { rule, matched: 1 })
      else entry.matched++
    }
  }
  return found
}

function reasonOf(isKnown: boolean, unread: number): string {
  if (!isKnown) return 'there is no rule of this id'
  return unread > 0 ? `${unread} of its events could not be read` : 'the rule did not fire on enough events'
}

function text(report: {
  readonly cases: number
  readonly passed: number
  readonly failed: readonly Failed[]
  readonly extra?: readonly Extra[]
}): string {
  const lines = report.failed.map(
    (one) =>
      `${oneLine(one.case, 100)}: ${one.matched} of ${one.wanted} events (${oneLine(one.rule, 60)}): ${one.reason}`,
  )
  for (const one of report.extra ?? [])
    lines.push(`${oneLine(one.case, 100)}: also ${one.level} "${oneLine(one.title, 100)}" (${oneLine(one.rule, 60)})`)
  lines.push(`${report.passed} of ${report.cases} cases pass`)
  if (report.extra !== undefined) lines.push(`${report.extra.length} other rules fire on their events`)
  return `${lines.join('\n')}\n`
}
