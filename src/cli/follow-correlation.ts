import {
  type CorrelationRule,
  type CorrelationStep,
  conditionText,
  type SourceMapping,
  type Tuning,
  traceCorrelation,
} from '../core/detect/index.ts'
import { formatPlace, oneLine } from '../core/model/index.ts'
import type { FileRecord } from './events-of-files.ts'
import type { FoundRule } from './find-rule.ts'
import { writeOut } from './write-out.ts'

/** Prints what a correlation makes of each event that it counts, and whether it fired at all. */
export async function followCorrelation(
  rule: CorrelationRule,
  { detections, correlations }: FoundRule,
  mappings: readonly SourceMapping[],
  tuning: Tuning,
  events: AsyncIterable<FileRecord>,
  options: { readonly json?: boolean },
): Promise<boolean> {
  const trace = traceCorrelation(rule, detections, correlations, mappings, tuning)
  const titles = new Map([...detections, ...correlations].map((one) => [one.id, one.title]))
  if (!options.json) await writeOut(head(rule, titles))
  const counts = { events: 0, matched: 0, fired: 0 }
  for await (const { file, number, normalized } of events) {
    if (normalized.kind !== 'event') continue
    counts.events++
    const step = trace.observe(normalized.event)
    if (step === null) continue
    counts.matched++
    if (step.outcome === 'fires') counts.fired++
    const occurredAt = new Date(normalized.event.occurredAt).toISOString()
    await writeOut(
      options.json
        ? `${JSON.stringify({ file, event: number, occurredAt, ...step })}\n`
        : line(`${file}:${number}  ${occurredAt}`, step, rule, titles),
    )
  }
  await writeOut(options.json ? `${JSON.stringify({ rule: rule.id, ...counts })}\n` : summary(counts))
  return counts.fired > 0
}

function head(rule: CorrelationRule, titles: ReadonlyMap<string, string>): string {
  const place = rule.ref.place === undefined ? '' : `${formatPlace(rule.ref.place)}  `
  const field = rule.fields.length === 0 ? '' : ` of ${rule.fields.join(', ')}`
  return [
    `"${oneLine(rule.title, 120)}": ${rule.type}${field} ${conditionText(rule.condition)} within ${rule.timespanMs / 1000} s`,
    `  rule      ${place}${oneLine(rule.id, 60)}`,
    `  group by  ${rule.groupBy.length > 0 ? rule.groupBy.join(', ') : 'nothing: all events are one group'}`,
    ...rule.rules.map((id) => `  counts    "${oneLine(titles.get(id) ?? id, 120)}"`),
    '',
    '',
  ].join('\n')
}

function line(
  where: string,
  step: CorrelationStep,
  rule: CorrelationRule,
  titles: ReadonlyMap<string, string>,
): string {
  const group = step.group
    .map(([field, value]) => `${field} = ${value === null ? 'missing' : `"${oneLine(value, 60)}"`}`)
    .join(', ')
  const matched = step.matched.map((id) => `"${oneLine(titles.get(id) ?? id, 60)}"`).join(', ')
  const what = {
    fires: `fires with ${step.count}`,
    counted: `${step.count} in the window, ${conditionText(rule.condition)} wanted${rule.judged === 'at-end' ? ' at its end' : ''}`,
    ignored: 'not counted: too late, or without the field that is counted',
  }[step.outcome]
  return `${step.outcome === 'fires' ? '✓' : '·'} ${where}  ${group === '' ? '' : `${group}  `}${what}  (${matched})\n`
}

function summary({ events, matched, fired }: { events: number; matched: number; fired: number }): string {
  return `\n${fired > 0 ? '✓' : '✗'} fired ${fired} times on ${events} events, of which its rules matched ${matched}\n`
}
