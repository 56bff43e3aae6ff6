import { type Command, InvalidArgumentError } from 'commander'
import {
  type CorrelationHit,
  createCorrelator,
  createMatcher,
  createSigmaState,
  type Match,
} from '../core/detect/index.ts'
import { type Event, severityNames } from '../core/model/index.ts'
import { eventsOfFiles, parseLogSource } from './events-of-files.ts'
import { loadBundle, root } from './load-bundle.ts'
import { chosenRules, type RuleOptions, withRuleOptions } from './load-rules.ts'
import { tuningOf, untuned } from './rule-tuning.ts'
import { rulesGroup } from './rules-group.ts'
import { createScanCounts, factsOfHit, matchJson, matchText, summaryText } from './scan-report.ts'
import { writeOut } from './write-out.ts'

interface Options extends RuleOptions {
  readonly source?: string
  readonly logsource?: string
  readonly level: string
  readonly overlays: boolean
  readonly json?: boolean
}

const levels = severityNames.slice(1, 6)

/** `gitsoc rules scan`: which rules fire on the events of files. */
export function register(program: Command): void {
  withRuleOptions(rulesGroup(program).command('scan <file...>'))
    .description('print every match of detection rules and correlations on the events of files; stores nothing')
    .option('--source <integration>', 'the integration the records come from (default: recognised by the manifests)')
    .option('--logsource <source>', 'take records as they are, as events of this Sigma log source')
    .option('--level <level>', `only rules of this level and above: ${levels.join(', ')}`, levelOf, 'informational')
    .option('--no-overlays', 'matches as the rules have them, without the local tuning of rules/overlays')
    .option('--json', 'one line of JSON for each match, and a last one with the counts')
    .addHelpText(
      'after',
      '\nFiles are NDJSON, JSON, gzip, zip, EVTX, Windows XML, CEF, syslog or Zeek, or folders of them. Events are numbered from 1' +
        ' in each file. Overlays hold as in operation: what they withhold is no match and is counted apart. Exit codes: 0 no match, 1 at least one or a file that cannot be read, 2 wrong usage.' +
        '\n\nExamples:\n  gitsoc rules scan Security.evtx\n  gitsoc rules scan logs/ --rules ~/sigma/rules --level high --json' +
        '\n  gitsoc rules scan processes.ndjson --logsource product=linux,category=process_creation',
    )
    .action(scan)
}

function levelOf(text: string): string {
  if (!levels.some((one) => one === text)) throw new InvalidArgumentError(`it is one of ${levels.join(', ')}.`)
  return text
}

async function scan(files: readonly string[], options: Options): Promise<void> {
  const bundle = await loadBundle({ content: root, ...options })
  const rules = await chosenRules(options, bundle)
  const { detections, correlations } = rules
  const tuning = options.overlays ? tuningOf(bundle, rules, options.content ?? root) : untuned
  const least = (severityNames as readonly string[]).indexOf(options.level)
  const correlator = createCorrelator(correlations)
  const state = createSigmaState()
  const counts = createScanCounts()
  const logsource = options.logsource === undefined ? undefined : parseLogSource(options.logsource)
  // Records that are said to be of Sigma's log source need no pipeline that says which events it means.
  const matcher = createMatcher(detections, logsource === undefined ? bundle.mappings : [])
  const print = options.json ? matchJson : matchText
  const given = { source: options.source, integrations: bundle.integrations, logsource, onFault: counts.fault }
  const kept = <T extends Match | CorrelationHit>(found: readonly T[], event: Event) =>
    found.flatMap((one) => {
      const tuned = tuning.tune(one, event)
      if (tuned.kind === 'kept') return [tuned]
      counts.withheld(tuned.match.rule, tuned.decision)
      return []
    })
  for await (const { file, number, normalized } of eventsOfFiles(files, given)) {
    counts.record(file, number, normalized)
    if (normalized.kind !== 'event') continue
    const { event } = normalized
    // What is withheld is no match: correlations do not count it, as in operation.
    const matches = kept(matcher.match(event), event)
    const hits = correlator.observe(
      state,
      event,
      matches.map((one) => one.match),
    )
    state.dirty.clear()
    const found = [
      ...matches.map(({ match: { rule, facts }, decision }) => ({ rule, facts, decision })),
      ...kept(hits, event).map(({ match, decision }) => ({ rule: match.rule, facts: factsOfHit(match), decision })),
    ]
    for (const { rule, facts, decision } of found) {
      if (rule.severity < least) continue
      counts.match(rule)
      await writeOut(print({ rule, facts, event, file, number, overlay: decision }))
    }
  }
  const summary = counts.summary()
  const ruleCounts = { detection: detections.length, correlation: correlations.length }
  await writeOut(
    options.json ? `${JSON.stringify({ ...summary, rules: ruleCounts })}\n` : summaryText(summary, ruleCounts),
  )
  if (summary.matches > 0 || summary.faults.length > 0) process.exitCode = 1
}
