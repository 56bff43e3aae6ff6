import { durationMs } from '../correlate/index.ts'
import { type Document, didYouMean, isObject, type Json, type Problem, problem, type Result } from '../model/index.ts'
import { type Ordered, orderedHead } from './notify.ts'
import type { Who } from './people.ts'

/** Who is told by which channel. */
export type Tell =
  | { readonly by: 'slack'; readonly channel: string; readonly who: null }
  | { readonly by: 'slack'; readonly channel: null; readonly who: Who }
  /** `service` names the secret with the routing key: `pagerduty-routing`, or `pagerduty-routing-<service>`. */
  | { readonly by: 'pagerduty'; readonly service: string }
  /** The incident is assigned to the first of them, and with it its issue. */
  | { readonly by: 'github'; readonly who: Who }
  | { readonly by: 'email'; readonly who: Who }

/** A level: so long after the beginning these are told. */
export interface Level {
  readonly afterMs: number
  readonly tell: readonly Tell[]
}

/** Who is told, after how long without an acknowledgement, by which channel. */
export interface EscalationPolicy extends Ordered {
  readonly levels: readonly Level[]
  readonly repeat: { readonly everyMs: number; readonly times: number } | null
  readonly onCall: Readonly<Record<string, readonly string[]>>
  readonly approvals: {
    readonly asked: readonly Tell[]
    readonly escalated: readonly Tell[]
    readonly expiring: { readonly beforeMs: number; readonly tell: readonly Tell[] } | null
  }
}

/** How far an escalation has come: the level that is told next, in which round, from 0. */
export interface Climb {
  readonly startedAt: number
  readonly round: number
  readonly level: number
}

/** When the level that comes next is told; null when there is none. */
export function dueAt(policy: EscalationPolicy, climb: Climb): number | null {
  const level = policy.levels[climb.level]
  const last = policy.levels.at(-1)
  if (level === undefined || last === undefined) return null
  const roundMs = policy.repeat === null ? 0 : last.afterMs + policy.repeat.everyMs
  return climb.startedAt + climb.round * roundMs + level.afterMs
}

/** An escalation that goes on, or null when all levels of all rounds were told. */
export type Climbing = Climb | null

/** The step after the level that was just told. */
export function advance(policy: EscalationPolicy, climb: Climb): Climbing {
  if (climb.level + 1 < policy.levels.length) return { ...climb, level: climb.level + 1 }
  if (climb.round < (policy.repeat?.times ?? 0)) return { ...climb, round: climb.round + 1, level: 0 }
  return null
}

/** What a level tells, in words. */
export type Told = Tell['by']

/** Compiles an escalation policy that has passed its schema. */
export function compileEscalationPolicy(document: Document): Result<EscalationPolicy> {
  const head = orderedHead(document, 'escalation-policy')
  const problems: Problem[] = head.ok ? [] : [...head.problems]
  const lists = isObject(document.value.onCall) ? document.value.onCall : {}
  const onCall = Object.fromEntries(Object.entries(lists).map(([name, ids]) => [name, texts(ids)]))
  const read = (raw: Json | undefined, path: readonly (string | number)[]): readonly Tell[] =>
    mappings(raw).flatMap((one, n) => {
      const told = tellOf(one, [...path, n], document, Object.keys(onCall))
      if (told.ok) return [told.value]
      problems.push(...told.problems)
      return []
    })
  const levels = mappings(document.value.levels).map((raw, n) => ({
    afterMs: durationMs(raw.after) ?? 0,
    tell: read(raw.tell, ['levels', n, 'tell']),
  }))
  for (const [n, level] of levels.entries()) {
    if (n > 0 && level.afterMs <= (levels[n - 1]?.afterMs ?? 0))
      problems.push(
        problem(
          'escalation-policy/after',
          'a level comes later than the one before it',
          document.place(['levels', n, 'after']),
        ),
      )
  }
  const { repeat, approvals } = document.value
  const about = isObject(approvals) ? approvals : {}
  const expiring = isObject(about.expiring) ? about.expiring : null
  const everyMs = isObject(repeat) ? (durationMs(repeat.every) ?? 0) : 0
  if (isObject(repeat) && everyMs < 60_000)
    problems.push(
      problem(
        'escalation-policy/every',
        'a repetition comes a minute later or more',
        document.place(['repeat', 'every']),
      ),
    )
  const value = {
    levels,
    repeat: isObject(repeat) ? { everyMs, times: Number(repeat.times) } : null,
    onCall,
    approvals: {
      asked: read(about.asked, ['approvals', 'asked']),
      escalated: read(about.escalated, ['approvals', 'escalated']),
      expiring:
        expiring === null
          ? null
          : {
              beforeMs: durationMs(expiring.before) ?? 0,
              tell: read(expiring.tell, ['approvals', 'expiring', 'tell']),
            },
    },
  }
  return head.ok && problems.length === 0 ? { ok: true, value: { ...head.value, ...value } } : { ok: false, problems }
}

/** What a channel needs to know, and what it has no use for. */
const takes = { slack: ['channel', 'who'], pagerduty: ['service'], github: ['who'], email: ['who'] } as const

function tellOf(
  raw: { readonly [key: string]: Json },
  path: readonly (string | number)[],
  document: Document,
  lists: readonly string[],
): Result<Tell> {
  const by = raw.by as Tell['by']
  const refuse = (message: string, key?: string, hint?: string): { ok: false; problems: readonly Problem[] } => ({
    ok: false,
    problems: [
      problem('escalation-policy/tell', message, document.place(key === undefined ? path : [...path, key]), hint),
    ],
  })
  const foreign = Object.keys(raw).find((key) => key !== 'by' && !(takes[by] as readonly string[]).includes(key))
  if (foreign !== undefined)
    return refuse(`"${foreign}" says nothing to ${by}`, foreign, `${by} takes ${takes[by].join(' or ')}`)
  if (by === 'pagerduty') return { ok: true, value: { by, service: String(raw.service ?? 'default') } }
  const given = isObject(raw.who) ? raw.who : null
  const list = given?.onCall
  if (typeof list === 'string' && !lists.includes(list))
    return refuse(
      `there is no on-call list "${list}" in this policy`,
      'who',
      didYouMean(list, lists) ?? (lists.length === 0 ? 'add it under "onCall"' : `there is ${lists.join(', ')}`),
    )
  const who: Who | null =
    given === null
      ? null
      : { analysts: texts(given.analysts), roles: texts(given.roles), onCall: typeof list === 'string' ? list : null }
  if (by === 'slack') {
    if (typeof raw.channel === 'string' && who === null)
      return { ok: true, value: { by, channel: raw.channel, who: null } }
    if (who !== null && raw.channel === undefined) return { ok: true, value: { by, channel: null, who } }
    return refuse('slack tells either a "channel" or people ("who")')
  }
  return who === null ? refuse(`${by} tells people: "who" is missing`) : { ok: true, value: { by, who } }
}

const mappings = (value: Json | undefined) => (Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : [])
const texts = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? (value as readonly Json[]).map(String) : []
