import { type Condition, compileCondition } from '../condition/index.ts'
import { incidentFactNames, incidentFacts, tacticOrder, underOneName } from '../correlate/index.ts'
import { attackCatalog } from '../detect/index.ts'
import {
  type Assessment,
  type Contribution,
  type Document,
  type Enrichment,
  formatPlace,
  type Incident,
  isObject,
  type Json,
  oneLine,
  type Problem,
  type Result,
  type RuleRef,
  severityOfScore,
} from '../model/index.ts'

/** One named, signed contribution to the score, and when it counts. */
export interface ScoringRule {
  readonly ref: RuleRef
  readonly contributions: readonly {
    readonly name: string
    readonly points: number
    /** Why it counts, with its place. */
    readonly sentence: string
    readonly when: Condition
    readonly ref: RuleRef
  }[]
}

/** Compiles a scoring file: a list of contributions, each with its own condition. */
export function compileScoring(document: Document): Result<ScoringRule> {
  const problems: Problem[] = []
  const { id, title, contributions } = document.value
  const ref: RuleRef = { kind: 'scoring', id: String(id), title: String(title), place: document.place(['title']) }
  const list = Array.isArray(contributions) ? (contributions as readonly Json[]).filter(isObject) : []
  const compiled = list.flatMap((raw, index) => {
    const when = compileCondition(
      raw.when as Json,
      (path, part) => document.place(['contributions', index, 'when', ...path], part),
      incidentFactNames,
    )
    if (!when.ok) {
      problems.push(...when.problems)
      return []
    }
    const name = String(raw.name)
    const place = document.place(['contributions', index, 'name'])
    return [
      {
        name,
        points: Number(raw.points),
        sentence: `${String(raw.reason)} (${formatPlace(place)})`,
        when: when.value,
        ref: { ...ref, id: `${ref.id}/${name}`, place },
      },
    ]
  })
  return problems.length > 0 ? { ok: false, problems } : { ok: true, value: { ref, contributions: compiled } }
}

/** Scores an incident 0-100 as the clamped sum of the contributions whose conditions hold, and says why in words. */
export async function assess(
  incident: Incident,
  enrichments: readonly Enrichment[],
  rules: readonly ScoringRule[],
): Promise<Assessment> {
  const facts = incidentFacts({ ...incident, enrichments })
  const contributions: Contribution[] = []
  for (const rule of rules) {
    for (const one of rule.contributions) {
      const { matched, facts: seen } = one.when.known(facts) ?? (await one.when.decide(facts))
      if (!matched) continue
      const decision = { answer: 'counted', rule: one.ref, facts: seen, sentence: one.sentence }
      contributions.push({ name: one.name, points: one.points, decision })
    }
  }
  const sum = contributions.reduce((total, one) => total + one.points, 0)
  const score = Math.max(0, Math.min(100, sum))
  const severity = severityOfScore(score)
  return {
    score,
    severity,
    contributions,
    explanation: explain(incident, enrichments, contributions, score, severity),
    recommendation: recommend(incident),
  }
}

const words = (names: readonly string[]) => names.map((one) => one.replace(/-/g, ' ')).join(', ')
const some = (values: readonly string[], limit = 3) =>
  values.length > limit ? `${values.slice(0, limit).join(', ')} and ${values.length - limit} more` : values.join(', ')

function explain(
  incident: Incident,
  enrichments: readonly Enrichment[],
  contributions: readonly Contribution[],
  score: number,
  severity: string,
): string {
  const observables = underOneName({ ...incident, enrichments })
  const valuesOf = (role: string, types: readonly string[]) =>
    observables.filter((one) => one.role === role && types.includes(one.type)).map((one) => oneLine(one.value, 80))
  const attackers = valuesOf('attacker', ['ip', 'domain'])
  const targets = valuesOf('target', ['user', 'host', 'access-key', 'resource'])
  const tactics = tacticOrder.filter((one) => incident.tactics.includes(one))
  const malicious = enrichments.filter((one) => one.verdict === 'malicious').map((one) => one.sentence)
  const heaviest = contributions.toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points)).slice(0, 3)
  return [
    `${counted(incident.signalCount, 'signal')} in ${counted(incident.alertCount, 'alert')} from ${some(incident.sources, 6)} within ${duration(incident.lastAt - incident.firstAt)}.`,
    tactics.length > 0 ? `The behaviour spans ${words(tactics)}.` : 'No ATT&CK tactic is known for the behaviour.',
    ...(attackers.length > 0 ? [`Acting: ${some(attackers)}.`] : []),
    ...(targets.length > 0 ? [`Acted on: ${some(targets, 5)}.`] : []),
    ...malicious.slice(0, 2).map((one) => `${oneLine(one)}.`),
    `The score of ${score} makes it ${severity}: ${heaviest.map((one) => `${one.name} (${one.points > 0 ? '+' : ''}${one.points})`).join(', ') || 'nothing counted'}.`,
  ].join(' ')
}

const counted = (count: number, name: string) => `${count} ${name}${count === 1 ? '' : 's'}`

function duration(ms: number): string {
  const minutes = Math.round(ms / 60_000)
  if (minutes < 1) return 'a minute'
  return minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
}

/** Passwords were tried (T1110), and nothing says that one was found or that credentials were taken in another way. */
function isOnlyGuessed({ tactics, techniques }: Incident): boolean {
  if (['initial-access', 'persistence', 'lateral-movement'].some((one) => tactics.includes(one))) return false
  const taking = techniques.filter((one) => attackCatalog().get(one)?.tactics.includes('credential-access') === true)
  return taking.length > 0 && taking.every((one) => one === 'T1110' || one.startsWith('T1110.'))
}

/** What to do first, by how far the attack has come. */
function recommend(incident: Incident): string {
  const has = (...tactics: string[]) => tactics.some((one) => incident.tactics.includes(one))
  const users = incident.observables.some((one) => one.type === 'user')
  const keys = incident.observables.some((one) => one.type === 'access-key')
  const hosts = incident.observables.some((one) => one.type === 'host')
  const steps = [
    ...(has('exfiltration', 'impact') ? ['stop the data leaving first: cut the access in use'] : []),
    ...(keys && has('persistence', 'privilege-escalation', 'exfiltration', 'collection')
      ? ['deactivate the access keys']
      : []),
    ...(isOnlyGuessed(incident)
      ? ['block where the guessing comes from and look whether an attempt got in; the accounts are only its targets']
      : users && has('credential-access', 'initial-access', 'persistence')
        ? ['suspend the accounts and end their sessions']
        : []),
    ...(hosts && has('execution', 'command-and-control', 'lateral-movement', 'impact') ? ['isolate the hosts'] : []),
    ...(has('defense-impairment') ? ['restore logging and look at what happened while it was off'] : []),
  ]
  const text =
    steps.length > 0 ? steps.join('; ') : 'confirm with the owner of the asset whether the activity is expected'
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
