import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import {
  createMatcher,
  explainRule,
  type RuleExplanation,
  type SigmaRule,
  type SourceMapping,
  type Tuning,
} from '../core/detect/index.ts'
import type { Decision, Event } from '../core/model/index.ts'
import { eventsOfFiles, type FileRecord, parseLogSource } from './events-of-files.ts'
import { explanationText } from './explain-rule-text.ts'
import { Failure } from './failure.ts'
import { type FoundRule, findRule } from './find-rule.ts'
import { followCorrelation } from './follow-correlation.ts'
import { loadBundle, root } from './load-bundle.ts'
import { type RuleOptions, withRuleOptions } from './load-rules.ts'
import { tuningOf } from './rule-tuning.ts'
import { rulesGroup } from './rules-group.ts'
import { writeOut } from './write-out.ts'

interface Options extends RuleOptions {
  readonly source?: string
  readonly logsource?: string
  readonly json?: boolean
}

/** `gitsoc rules explain`: why a rule fires on an event, or does not. */
export function register(program: Command): void {
  withRuleOptions(rulesGroup(program).command('explain <rule> <event>'))
    .description('why a rule fires on an event or does not: log source, condition, every search, field and value')
    .option('--source <integration>', 'the integration the event comes from (default: recognised by the manifests)')
    .option('--logsource <source>', 'take the event as it is, as one of this Sigma log source')
    .option('--json', 'one line of JSON for each event explained')
    .addHelpText(
      'after',
      '\nThe rule is an id, a name, part of a path, or a file. The event is a file, "file:N" for its Nth record (as scan counts), or - for' +
        '\nstandard input; of several events those are explained on which the rule fires, or else the first. Of a correlation every event of the' +
        '\nfile is followed that it counts, from empty windows.' +
        '\nExit codes: 0 the rule fires, 1 it does not, 2 wrong usage.' +
        '\n\nExamples:\n  gitsoc rules explain win_lsass_memory_read Security.evtx:1042\n  gitsoc rules explain aws_root_used event.json --json',
    )
    .action(explain)
}

async function explain(wanted: string, where: string, options: Options): Promise<void> {
  const bundle = await loadBundle({ content: root, ...options })
  const found = await findRule(wanted, options, bundle)
  const logsource = options.logsource === undefined ? undefined : parseLogSource(options.logsource)
  const mappings = logsource === undefined ? bundle.mappings : []
  const given = { source: options.source, integrations: bundle.integrations, logsource }
  const tuning = tuningOf(bundle, found, options.content ?? root)
  const events = (path: string) => eventsOfFiles([path], given)
  const isFiring =
    found.rule.kind === 'correlation'
      ? await followCorrelation(found.rule, found, mappings, tuning, events(where), options)
      : await explainEvents({ ...found, rule: found.rule }, mappings, tuning, placeOf(where), events, options)
  if (!isFiring) process.exitCode = 1
}

async function explainEvents(
  { rule, document, placeholders }: FoundRule & { rule: SigmaRule },
  mappings: readonly SourceMapping[],
  tuning: Tuning,
  { path, number }: { path: string; number: number | null },
  events: (path: string) => AsyncIterable<FileRecord>,
  options: Options,
): Promise<boolean> {
  const matcher = createMatcher([rule], mappings)
  let first: Shown | null = null
  let fired = 0
  for await (const one of events(path)) {
    if (number !== null && one.number < number) continue
    if (one.normalized.kind !== 'event') {
      if (number === null) continue
      const why = one.normalized.kind === 'dead' ? one.normalized.message : one.normalized.reason
      throw new Failure(`record ${number} of ${path} is no event: ${why}`)
    }
    const { event } = one.normalized
    const explanation = explainRule(rule, document, event, mappings, placeholders)
    const [match] = matcher.match(event)
    const overlay = match === undefined ? null : tuning.tune(match, event).decision
    const shown = { file: one.file, number: one.number, event, explanation, overlay }
    first ??= shown
    if (explanation.fired) {
      fired++
      if (fired <= maxFired) await print(shown, options)
    }
    if (number !== null) break
  }
  if (first === null)
    throw new Failure(number === null ? `${path} holds no event` : `${path} has no record ${number}`, { exitCode: 2 })
  if (fired === 0) await print(first, options)
  if (fired > maxFired)
    process.stderr.write(`the rule fires on ${fired} events, of which the first ${maxFired} are shown\n`)
  return fired > 0
}

/** An event with what the rule makes of it. */
interface Shown {
  readonly file: string
  readonly number: number
  readonly event: Event
  readonly explanation: RuleExplanation
  /** What an overlay makes of the match. */
  readonly overlay: Decision | null
}

const maxFired = 5

function placeOf(where: string): { path: string; number: number | null } {
  const match = /^(.+):([1-9]\d{0,8})$/.exec(where)
  return match === null || existsSync(where)
    ? { path: where, number: null }
    : { path: match[1] ?? '', number: Number(match[2]) }
}

async function print({ file, number, event, explanation, overlay }: Shown, options: Options): Promise<void> {
  const { occurredAt } = event
  await writeOut(
    options.json
      ? `${JSON.stringify({ file, event: number, occurredAt, ...explanation, overlay })}\n`
      : explanationText(explanation, { where: `${file}:${number}`, occurredAt, overlay }),
  )
}
