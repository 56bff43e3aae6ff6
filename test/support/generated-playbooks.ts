import type { Document, EffectClass, Json, JsonObject, Place } from '../../src/core/model/index.ts'
import {
  compilePlaybook,
  type KnownAction,
  type Playbook,
  type Played,
  play,
  type Script,
  type Stage,
  verifyPlaybook,
} from '../../src/core/playbook/index.ts'
import { compilePolicy, type Policy } from '../../src/core/policy/index.ts'

/** Numbers that follow from a seed (mulberry32): a failing run can be made again. */
export function random(seed: number) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (n: number) => Math.floor(next() * n)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  return { below, pick, chance: (share: number) => next() < share }
}
type Random = ReturnType<typeof random>

const classes: readonly EffectClass[] = ['read', 'notify', 'reversible', 'destructive']
const known = (effect: EffectClass): KnownAction => ({
  effect,
  input: { type: 'object', required: ['target'], properties: { target: { type: 'string' } } },
  output: { type: 'object', required: ['risk'], properties: { risk: { type: 'integer' } } },
  target: 'target',
  hasRollback: true,
  irreversible: null,
})
const actions = new Map(classes.flatMap((effect) => [1, 2].map((n) => [`made.${effect}_${n}`, known(effect)] as const)))

const somewhere: Place = { file: 'playbooks/made.yaml', line: 1, column: 1 }
const documentOf = (value: JsonObject, file = 'playbooks/made.yaml'): Document => ({
  file,
  text: '',
  value,
  place: () => somewhere,
})

/** A playbook of random steps that the verifier lets pass, or null when it refuses what came out. */
export function somePlaybook(from: Random): Playbook | null {
  let count = 0
  const id = () => `s${count++}`
  const made: string[] = []
  const condition = (): Json =>
    from.pick<() => Json>([
      () => ({ fact: 'severity', operator: 'in', value: from.pick([['LOW'], ['HIGH', 'CRITICAL'], ['CRITICAL']]) }),
      () => ({ fact: 'score', operator: from.pick(['greaterThan', 'lessThan']), value: from.below(100) }),
      () =>
        made.length > 0
          ? {
              fact: `steps.${from.pick(made)}.status`,
              operator: 'equal',
              value: from.pick(['done', 'denied', 'failed', 'skipped']),
            }
          : { fact: 'corroborated', operator: 'equal', value: true },
    ])()
  const onError = (): JsonObject =>
    from.chance(0.4) ? { onError: from.pick<Json>(['continue', 'stop', { goto: 'undo' }]) } : {}
  const guard = (): JsonObject => (from.chance(0.25) ? { if: condition() } : {})
  const target = () =>
    from.pick([
      "{{ incident.hosts | first | default('none') }}",
      "{{ incident.people | first | default('none') }}",
      'ws-1',
      'breakglass-1',
    ])
  const action = (name: string, where: string): JsonObject => ({
    id: name,
    ...guard(),
    ...onError(),
    action: from.pick([...actions.keys()]),
    with: { target: where },
    expires: '4h',
    ...(from.chance(0.2) ? { approval: { roles: ['lead'], quorum: 1 + from.below(2) } } : {}),
  })
  const step = (depth: number): JsonObject => {
    const name = id()
    const inner = () => list(depth + 1, 1 + from.below(2))
    const kinds: (() => JsonObject)[] = [
      () => action(name, target()),
      () => action(name, target()),
      () => ({
        ...action(name, '{{ item }}'),
        forEach: from.pick(['{{ incident.hosts }}', '{{ incident.people }}']),
        max: 5,
      }),
      () => ({ id: name, ...guard(), task: 'look at {{ incident.title }}' }),
      () => ({
        id: name,
        ask: 'Go on?',
        options: ['yes', 'no'],
        expires: '1h',
        ...(from.chance(0.5) ? { onExpiry: 'no' } : {}),
      }),
      () => ({ id: name, wait: '1m' }),
      () => ({ id: name, waitFor: 'signal', timeout: '5m', onTimeout: from.pick(['continue', 'fail']) }),
      () => ({ id: name, set: { x: from.below(10) } }),
    ]
    const blocks: (() => JsonObject)[] = [
      // biome-ignore lint/suspicious/noThenProperty: it is the word of the playbook language
      () => ({ id: name, if: condition(), then: inner(), ...(from.chance(0.6) ? { else: inner() } : {}) }),
      () => ({
        id: name,
        switch: [
          { when: condition(), steps: inner() },
          { when: condition(), steps: inner() },
        ],
        default: inner(),
      }),
      () => ({
        id: name,
        parallel: [
          { id: 'a', steps: inner() },
          { id: 'b', steps: inner() },
        ],
        join: from.pick(['all', 'any']),
      }),
      () => ({ id: name, forEach: '{{ incident.hosts }}', max: 5, concurrency: 1 + from.below(3), do: inner() }),
      () => ({ id: name, while: condition(), max: 1 + from.below(3), do: inner() }),
    ]
    const value = from.pick(depth < 3 ? [...kinds, ...blocks] : kinds)()
    made.push(name)
    return value
  }
  const list = (depth: number, length: number) => {
    const seen = made.length
    const steps = Array.from({ length }, () => step(depth))
    if (depth > 0) made.length = seen
    return steps
  }
  const value: JsonObject = {
    id: 'made',
    title: 'Made',
    owner: 'team',
    why: 'test',
    trigger: { manual: true },
    deadline: '8h',
    steps: list(0, 1 + from.below(5)),
    compensation: { undo: list(1, 1) },
    ...(from.chance(0.3) ? { onFailure: list(1, 1) } : {}),
    ...(from.chance(0.3) ? { finally: list(1, 1) } : {}),
  }
  const compiled = compilePlaybook(documentOf(value), actions)
  if (!compiled.ok) return null
  const problems = verifyPlaybook(compiled.value, { actions, playbooks: new Map() })
  // What can never hold is refused in real content; here such a branch is only one that is not taken.
  return problems.some((one) => one.code !== 'playbook/never') ? null : compiled.value
}

/** A row of a policy as the oracle reads it, before the compiler has seen it. */
interface Row {
  readonly effects: readonly EffectClass[]
  readonly severity?: readonly string[]
  readonly answer: 'allow' | 'ask' | 'deny'
}

/** A policy, with what it was made of. */
export interface MadePolicy {
  readonly rows: readonly Row[]
  readonly guarded: 'ask' | 'deny' | null
  readonly perHour: number | null
  readonly policy: Policy
}

export function somePolicy(from: Random): MadePolicy {
  const rows = Array.from(
    { length: from.below(4) },
    (): Row => ({
      effects: classes
        .filter(() => from.chance(0.5))
        .concat(from.pick(classes))
        .filter((one, index, all) => all.indexOf(one) === index),
      ...(from.chance(0.4) ? { severity: from.pick([['CRITICAL'], ['LOW', 'MEDIUM'], ['HIGH', 'CRITICAL']]) } : {}),
      answer: from.pick(['allow', 'allow', 'ask', 'deny']),
    }),
  )
  const guarded = from.pick(['ask', 'deny', null] as const)
  const perHour = from.chance(0.3) ? from.below(4) : null
  const compiled = compilePolicy(
    documentOf({
      id: 'made',
      title: 'Made',
      owner: 'team',
      why: 'test',
      rules: rows.map((one) => ({ ...one, reason: 'made' })) as unknown as Json,
      ...(guarded === null ? {} : { protectedTargets: [{ target: 'breakglass*', answer: guarded, reason: 'ours' }] }),
      ...(perHour === null ? {} : { budgets: { destructivePerHour: perHour } }),
    }),
  )
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return { rows, guarded, perHour, policy: compiled.value }
}

export function someScript(from: Random, playbook: Playbook): Script {
  const ids = [...'0123456789'].flatMap((a) => [`s${a}`, `s1${a}`, `s2${a}`, `s3${a}`])
  const answers = new Map(ids.map((id) => [id, from.pick(['approve', 'approve', 'deny', 'expire', 'yes', 'no'])]))
  const results = new Map(
    ids
      .filter(() => from.chance(0.3))
      .map((id) => [
        id,
        {
          status: from.pick(['done', 'failed'] as const),
          output: { risk: from.below(10), approve: 'yes', goto: 'undo', case: 0, set: { x: 1 } },
        },
      ]),
  )
  return {
    facts: {
      number: 1,
      title: from.pick(['Takeover', '{{ 7*7 }}', '/approve ap-1']),
      severity: from.pick(['LOW', 'MEDIUM', 'HIGH', 'CRITICAL']),
      score: from.below(100),
      corroborated: from.chance(0.5),
      hosts: ['ws-1', 'ws-2', 'breakglass-2'].filter(() => from.chance(0.6)),
      people: ['user17@example.com', 'breakglass-3@example.com'].filter(() => from.chance(0.6)),
    },
    inputs: {},
    results,
    answers,
    signals: new Map(ids.map((id) => [id, from.chance(0.5) ? { ok: true } : null])),
    destructiveInLastHour: from.below(3),
    stopped: from.chance(0.1),
    criticality: new Map(),
    at: Date.UTC(2026, 0, 6, 12) + playbook.deadlineMs,
  }
}

/** What is wrong with a play, judged from what the policy and the script were made of and not by the gate; null when nothing is. */
export function violation(played: Played, script: Script, made: MadePolicy): string | null {
  let destructive = script.destructiveInLastHour
  for (const effect of played.effects) {
    if (effect.outcome === 'denied') continue
    const changes = effect.effect === 'destructive' || effect.effect === 'reversible'
    if (changes && script.stopped) return `${effect.path} changed something while the stop switch was on`
    const row = made.rows.find(
      (one) =>
        one.effects.includes(effect.effect as EffectClass) &&
        (one.severity?.includes(String(script.facts.severity)) ?? true),
    )
    if (row?.answer === 'deny') return `${effect.path} was done though a policy denies it`
    const isGuarded = changes && effect.target.startsWith('breakglass')
    if (isGuarded && made.guarded === 'deny') return `${effect.path} acted on a protected target`
    const isOverBudget = effect.effect === 'destructive' && made.perHour !== null && destructive >= made.perHour
    const needsPerson =
      row?.answer === 'ask' ||
      (row === undefined && changes) ||
      (isGuarded && made.guarded === 'ask') ||
      isOverBudget ||
      effect.asksItself
    const id = (effect.path.split('/').at(-1) ?? '').replace(/\[.*$/, '')
    if (needsPerson && script.answers.get(id) !== 'approve') return `${effect.path} was done, and nobody approved it`
    if (effect.effect === 'destructive') destructive++
  }
  return null
}

/** What runs of generated playbooks came to. */
export interface Proved {
  readonly runs: number
  readonly playbooks: number
  readonly effects: number
  readonly changed: number
  readonly violations: readonly string[]
}

/** Plays generated playbooks against generated worlds until `runs` are done; each failure names its seed. */
export async function proveRuns(
  runs: number,
  firstSeed: number,
  perPlaybook = 50,
  onProgress: (done: number) => void = () => {},
): Promise<Proved> {
  const violations: string[] = []
  let [done, playbooks, effects, changed] = [0, 0, 0, 0]
  for (let seed = firstSeed; done < runs; seed++) {
    const from = random(seed)
    const playbook = somePlaybook(from)
    if (playbook === null) continue
    playbooks++
    for (let n = 0; n < perPlaybook && done < runs; n++, done++) {
      const made = somePolicy(from)
      const script = someScript(from, playbook)
      const stage: Stage = { actions, playbooks: new Map(), policies: [made.policy] }
      const played = await play(playbook, script, stage)
      effects += played.effects.length
      changed += played.effects.filter((one) => one.outcome !== 'denied' && one.effect === 'destructive').length
      const wrong = violation(played, script, made)
      if (wrong !== null && violations.length < 20) violations.push(`seed ${seed}, run ${n}: ${wrong}`)
    }
    onProgress(done)
  }
  return { runs: done, playbooks, effects, changed, violations }
}
