import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { explainRule, type RuleExplanation } from '../core/detect/index.ts'
import type { Event } from '../core/model/index.ts'
import { eventsOfFiles, parseLogSource } from './events-of-files.ts'
import { explanationText } from './explain-rule-text.ts'
import { Failure } from './failure.ts'
import { findRule } from './find-rule.ts'
import { loadBundle } from './load-bundle.ts'
import { rulesGroup } from './rules-group.ts'
import { writeOut } from './write-out.ts'

interface Options {
  readonly rules?: readonly string[]
  readonly source?: string
  readonly logsource?: string
  readonly json?: boolean
}

/** `gitsoc rules explain`: why a rule fires on an event, or does not. */
export function register(program: Command): void {
  rulesGroup(program)
    .command('explain <rule> <event>')
    .description('why a rule fires on an event or does not: log source, condition, every search, field and value')
    .option('--rules <dir...>', 'look for the rule among these Sigma rules in place of our own')
    .option('--source <integration>', 'the integration the event comes from (default: recognised by the manifests)')
    .option('--logsource <source>', 'take the event as it is, as one of this Sigma log source')
    .option('--json', 'one line of JSON for each event explained')
    .addHelpText(
      'after',
      '\nThe rule is an id, a name, part of a path, or a file. The event is a file, "file:N" for its Nth record (as scan counts), or - for' +
        '\nstandard input; of several events those are explained on which the rule fires, or else the first.' +
        '\nExit codes: 0 the rule fires, 1 it does not, 2 wrong usage.' +
        '\n\nExamples:\n  gitsoc rules explain win_lsass_memory_read Security.evtx:1042\n  gitsoc rules explain aws_root_used event.json --json',
    )
    .action(explain)
}

async function explain(wanted: string, where: string, options: Options): Promise<void> {
  const bundle = await loadBundle()
  const { rule, document } = await findRule(wanted, options.rules, bundle)
  if (rule.kind === 'correlation') throw new Failure('correlations are not explained yet')
  const logsource = options.logsource === undefined ? undefined : parseLogSource(options.logsource)
  const mappings = logsource === undefined ? bundle.mappings : []
  const { path, number } = placeOf(where)
  const given = { source: options.source, integrations: bundle.integrations, logsource }
  let first: Shown | null = null
  let fired = 0
  for await (const one of eventsOfFiles([path], given)) {
    if (number !== null && one.number < number) continue
    if (one.normalized.kind !== 'event') {
      if (number === null) continue
      const why = one.normalized.kind === 'dead' ? one.normalized.message : one.normalized.reason
      throw new Failure(`record ${number} of ${path} is no event: ${why}`)
    }
    const { event } = one.normalized
    const explanation = explainRule(rule, document, event, mappings)
    const shown = { file: one.file, number: one.number, event, explanation }
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
  if (fired === 0) process.exitCode = 1
}

/** An event with what the rule makes of it. */
interface Shown {
  readonly file: string
  readonly number: number
  readonly event: Event
  readonly explanation: RuleExplanation
}

const maxFired = 5

function placeOf(where: string): { path: string; number: number | null } {
  const match = /^(.+):([1-9]\d{0,8})$/.exec(where)
  return match === null || existsSync(where)
    ? { path: where, number: null }
    : { path: match[1] ?? '', number: Number(match[2]) }
}

async function print({ file, number, event, explanation }: Shown, options: Options): Promise<void> {
  if (options.json)
    await writeOut(`${JSON.stringify({ file, event: number, occurredAt: event.occurredAt, ...explanation })}\n`)
  else await writeOut(explanationText(explanation, `${file}:${number}`, event.occurredAt))
}
