import { prose, table } from '../cases/index.ts'
import { createRedactor, regressionOf, rulesOn } from '../core/closing/index.ts'
import type { Bundle } from '../core/content/index.ts'
import type { TenantId } from '../core/model/index.ts'
import type { Proposal } from '../repo/index.ts'
import type { ClosedIncident } from './read-closed.ts'

/** A proposal, or why there is none. */
export type Proposed = { readonly ok: true; readonly proposal: Proposal } | { readonly ok: false; readonly why: string }

/**
 * The redacted events of a confirmed incident as a regression test. Refused when a value that was replaced is still in it,
 * or when the same rules no longer fire on what is left: both would be a test of something else.
 */
export async function regressionProposal(
  bundle: Bundle,
  tenant: TenantId,
  { file, records }: ClosedIncident,
): Promise<Proposed> {
  const { incident } = file
  const remembering = new Set(bundle.rarity.rules.map(({ ref }) => ref.id))
  const alerts = file.alerts.filter(({ ruleId }) => !remembering.has(ruleId))
  if (alerts.length === 0) return { ok: false, why: 'only rules that remember fired, and they need more history' }
  if (records.length === 0) return { ok: false, why: 'its events are no longer kept' }
  const known = [...incident.observables, ...file.alerts.flatMap(({ observables }) => observables)]
  const isPublic = saidByRules(bundle)
  const redactor = createRedactor(known, bundle.closing?.redact ?? [], isPublic)
  const { folder, recording, expected } = regressionOf(incident, alerts, records, redactor)
  const leaks = redactor.leaks(`${recording}${expected}`)
  if (leaks.length > 0) return { ok: false, why: `${leaks.length} values could not be replaced everywhere` }
  const wanted = new Set(alerts.map(({ ruleId }) => ruleId))
  const fired = await rulesOn(bundle, tenant, recording)
  const lost = [...wanted].filter((rule) => !fired.has(rule))
  if (lost.length > 0)
    return { ok: false, why: `${lost.join(', ')} no longer fires on the events once they are redacted` }
  return {
    ok: true,
    proposal: {
      key: `incident-${incident.number}-regression`,
      title: `Keep finding what incident ${incident.number} was`,
      body: [
        `${records.length} events of the confirmed incident "${prose(redactor.text(incident.title))}" as a recording.`,
        `${redactor.count} names, addresses, accounts and keys were replaced; the same value became the same word.`,
        '**Read the recording before you merge it**: what nobody knew to be a name is still in it.',
        '',
        ...table(
          ['rule that must go on firing', 'alerts'],
          [...Map.groupBy(alerts, ({ ruleId }) => ruleId)].map(([rule, list]) => [prose(rule), String(list.length)]),
        ),
      ].join('\n'),
      files: [
        { path: `${folder}/recording.ndjson`, text: recording },
        { path: `${folder}/expected.yaml`, text: expected },
      ],
      direct: false,
    },
  }
}

/** What a rule asks for by name stands in the repository already, and the rule would not fire without it. */
function saidByRules(bundle: Bundle): (value: string) => boolean {
  const isRule = (path: string) => path.startsWith('rules/') && !path.includes('/fixtures/') && path.endsWith('.yaml')
  const texts = bundle.files.filter(({ path }) => isRule(path)).map(({ text }) => text)
  const said = texts.join('\n').toLowerCase()
  return (value) => value.length >= 4 && said.includes(value.toLowerCase())
}
