import { createAjv } from '../core/content/index.ts'
import type { Answer } from './locked-child.ts'

type Schema = Readonly<Record<string, unknown>>

const text = { type: 'string' }
const number = { type: 'number' }
const flag = { type: 'boolean' }
const list = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more })
const pair = (items: Schema): Schema => list(items, { minItems: 2, maxItems: 2 })
const orNull = (one: Schema): Schema => ({ anyOf: [one, { type: 'null' }] })
const counts = (values: Schema): Schema => ({ type: 'object', additionalProperties: values })
/** An object with these members, all of them required but `optional`. */
const object = (
  properties: Readonly<Record<string, Schema>>,
  optional: Readonly<Record<string, Schema>> = {},
): Schema => ({
  type: 'object',
  properties: { ...properties, ...optional },
  required: Object.keys(properties),
})
const oneOf = (...values: readonly unknown[]): Schema => ({ enum: values })

const place = object({ file: text, line: number, column: number })
const problems = list(object({ code: text, message: text, severity: oneOf('error', 'warning') }, { place, hint: text }))
const facts = list(object({ name: text, value: {} }))
const texts = list(text)

const alert = object({
  ...{ id: text, rule: text, title: text, severity: number, at: number, event: pair(number) },
  ...{ outcome: oneOf('incident', 'kept', 'suppressed', 'duplicate'), isNew: flag, group: text, incident: number },
  ...{ entities: texts, facts, because: text },
})
const incident = object({
  ...{ number, title: text, severity: oneOf('LOW', 'MEDIUM', 'HIGH', 'CRITICAL'), score: number },
  ...{ firstAt: number, openedAt: number, alerts: texts, techniques: texts, escalations: texts, playbooks: texts },
  ...{ entities: texts, criticalEntities: texts },
  contributions: list(object({ name: text, points: number, rule: text })),
})
const effect = object({
  ...{ action: text, effect: text, target: text, criticality: orNull(text), answer: oneOf('allow', 'ask', 'deny') },
  ...{ roles: texts, quorum: number, also: list(object({ roles: texts, quorum: number })), sentence: text },
})
const run = object({
  ...{ playbook: text, title: text, at: number, incident: number, because: text, status: text },
  effects: list(effect),
})
const replayed = object({
  ...{ digest: text, commit: text, counts: counts(number), span: orNull(pair(number)) },
  rules: list(object({ id: text, title: text, kind: text, place: orNull(place) })),
  ruleCounts: list(object({ rule: text, alerts: number, lines: number, suppressed: number })),
  ...{ alerts: list(alert), incidents: list(incident), runs: list(run) },
  fixtureHits: list(object({ path: text, kind: oneOf('positive', 'negative'), index: number, rule: text, facts })),
  ...{ omitted: object({ alerts: number, runs: number }), faults: texts },
})
const change = object({ change: oneOf('added', 'changed', 'removed'), kind: text, id: text, title: text, place })
const mutation = object({
  ...{ kind: oneOf('detection', 'correlation', 'rarity', 'playbook'), id: text, title: text, place },
  ...{ mutants: number, refused: number, caught: number },
  survived: list(object({ mutation: text, safety: flag, place })),
})
const review = object({
  tests: object({
    rules: object({ tested: number, failed: number }),
    playbooks: object({ fixtures: number, failed: number }),
    problems,
  }),
  mutation: list(mutation),
  coverage: object({ attack: text, techniques: number, declared: texts, exercised: texts, names: counts(text) }),
})
const limit = object({ value: number, place: orNull(place) })
const budget = object({
  ...{ linesPerRule: limit, rules: counts(limit), incidents: orNull(limit), approvals: orNull(limit) },
  ...{ newCriticalTargets: orNull(limit), lostIncidents: counts(limit), detectedLaterMs: orNull(limit) },
  unnoticed: object({ perRule: orNull(limit), perPlaybook: orNull(limit), dangerous: orNull(limit) }),
})
const result = (value: Schema): Schema => ({
  anyOf: [value, object({ ok: oneOf(false), problems })],
})

/**
 * Whether something is what a locked child answers, with every member that is read of it. What unreviewed content had a hand in is
 * looked at before it is believed to have a form.
 */
export const isAnswer = createAjv({ allErrors: false, validateSchema: false }).compile<Answer>(
  object({
    closures: orNull(object({ network: oneOf('namespace', 'modules') })),
    result: result(object({ ok: oneOf(true), replayed, problems })),
    content: list(change),
    review: orNull(review),
    budget: result(object({ ok: oneOf(true), value: budget })),
  }),
)
