import fixtureSchema from '../../../playbooks/fixture.schema.json' with { type: 'json' }
import { durationMs } from '../correlate/index.ts'
import {
  canonicalJson,
  type Document,
  didYouMean,
  isObject,
  type Json,
  type JsonObject,
  type Place,
  type Problem,
  problem,
  type Result,
} from '../model/index.ts'
import {
  incidentFactTypes,
  type Playbook,
  type Played,
  type PlayedEffect,
  play,
  type Script,
  type Stage,
} from '../playbook/index.ts'
import { compileSchema } from './schema.ts'

/** A Tuesday at noon, for fixtures that say nothing of the time. */
const noon = Date.UTC(2026, 0, 6, 12)
const checkSchema = compileSchema(fixtureSchema)

/** A test of a playbook: an incident, what the world answers, and what is expected. */
export interface PlaybookFixture {
  readonly file: string
  readonly title: string
  readonly playbook: string
  readonly script: Script
  /** Ids of the active policies; null = those that the repository has active. */
  readonly policies: readonly string[] | null
  readonly expect: JsonObject
  readonly place: Document['place']
}

/** Where a playbook did something else than expected. */
export interface Difference {
  readonly what: string
  readonly expected: Json
  readonly seen: Json
  readonly place: Place
}

/** What a fixture showed. */
export interface FixtureRun {
  readonly fixture: PlaybookFixture
  readonly played: Played | null
  readonly differences: readonly Difference[]
}

/** Reads a fixture of a playbook; facts that it does not give are the empty ones. */
export function compilePlaybookFixture(document: Document): Result<PlaybookFixture> {
  const checked = checkSchema(document)
  if (!checked.ok) return checked
  const raw = document.value
  const problems: Problem[] = []
  for (const name of Object.keys(objectOf(raw.incident)))
    if (!Object.hasOwn(incidentFactTypes, name))
      problems.push(
        problem(
          'fixture/fact',
          `an incident has no "${name}"`,
          document.place(['incident', name], 'key'),
          didYouMean(name, Object.keys(incidentFactTypes)),
        ),
      )
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      file: document.file,
      title: String(raw.title),
      playbook: String(raw.playbook),
      policies: Array.isArray(raw.policies) ? (raw.policies as readonly Json[]).map(String) : null,
      expect: objectOf(raw.expect),
      place: document.place,
      script: {
        facts: { ...emptyFacts(), ...objectOf(raw.incident) },
        inputs: objectOf(raw.inputs),
        results: new Map(Object.entries(objectOf(raw.results)).map(([name, one]) => [name, resultOf(one)])),
        answers: new Map(Object.entries(objectOf(raw.answers)).map(([name, one]) => [name, String(one)])),
        signals: new Map(Object.entries(objectOf(raw.signals))),
        destructiveInLastHour: Number(raw.destructiveInLastHour ?? 0),
        stopped: raw.stopSwitch === true,
        criticality: new Map(Object.entries(objectOf(raw.criticality)).map(([target, one]) => [target, String(one)])),
        at: raw.at === undefined ? noon : Date.parse(String(raw.at)),
      },
    },
  }
}

/** Plays a fixture and says where it went otherwise. The same playbook and fixture give the same answer. */
export async function runPlaybookFixture(
  fixture: PlaybookFixture,
  playbook: Playbook,
  stage: Stage,
): Promise<FixtureRun> {
  const { policies: wanted } = fixture
  const policies =
    wanted === null ? stage.policies : stage.policies.map((one) => ({ ...one, active: wanted.includes(one.ref.id) }))
  const differences: Difference[] = []
  const differ = (what: string, expected: Json, seen: Json, path: readonly (string | number)[]) => {
    if (canonicalJson(expected) !== canonicalJson(seen))
      differences.push({ what, expected, seen, place: fixture.place(['expect', ...path]) })
  }
  const { when } = playbook.trigger
  const triggered = when === null || (await when.decide(fixture.script.facts)).matched
  differ(
    'whether it starts',
    fixture.expect.triggered ?? true,
    triggered,
    fixture.expect.triggered === undefined ? [] : ['triggered'],
  )
  if (!triggered) return { fixture, played: null, differences }
  const played = await play(playbook, fixture.script, { ...stage, policies })
  compare(fixture.expect, played, differ)
  for (const open of played.open)
    differences.push({
      what: `the fixture does not answer ${open}`,
      expected: 'an answer',
      seen: null,
      place: fixture.place([]),
    })
  return { fixture, played, differences }
}

type Differ = (what: string, expected: Json, seen: Json, path: readonly (string | number)[]) => void

function compare(expect: JsonObject, played: Played, differ: Differ): void {
  differ('how the run ends', expect.status ?? null, played.end.status, ['status'])
  const path = played.steps.map((one) => (one.status === 'done' ? one.readable : `${one.readable}: ${one.status}`))
  differ('the steps', expect.path ?? [], path, ['path'])
  if (expect.tasks !== undefined) differ('the tasks', expect.tasks, played.tasks, ['tasks'])
  if (expect.outputs !== undefined) differ('the outputs', expect.outputs, played.end.outputs, ['outputs'])
  const wanted = Array.isArray(expect.effects) ? (expect.effects as readonly Json[]).filter(isObject) : []
  // Everything that acts is compared, so that no effect can hide behind a fixture that says nothing of it.
  for (let index = 0; index < Math.max(wanted.length, played.effects.length); index++) {
    const [one, seen] = [wanted[index], played.effects[index]]
    if (seen === undefined) differ('an effect that did not come', one ?? null, null, ['effects', index])
    else if (one === undefined)
      differ('an effect that nobody expects', null, effectOf(seen), expect.effects === undefined ? [] : ['effects'])
    else
      compareEffect(one, effectOf(seen), (name, a, b) =>
        differ(`${name} of effect ${index + 1}`, a, b, ['effects', index]),
      )
  }
}

/** An effect in the form in which fixtures expect it. */
export function effectOf(effect: PlayedEffect): JsonObject {
  const { asked, expiresMs } = effect
  return {
    step: effect.path,
    action: effect.action,
    target: effect.target,
    with: effect.inputs,
    gate: effect.gate.answer,
    ...(asked === null
      ? {}
      : { asks: { roles: asked.roles, quorum: asked.quorum, expires: durationText(asked.expiresMs) } }),
    ...(expiresMs === null ? {} : { expires: durationText(expiresMs) }),
    ...(effect.outcome === 'done' ? {} : { outcome: effect.outcome }),
  }
}

/** `with` is compared when it is given; everything else always. */
function compareEffect(
  expected: JsonObject,
  seen: JsonObject,
  differ: (name: string, expected: Json, seen: Json) => void,
): void {
  for (const name of ['step', 'action', 'target', 'gate', 'asks', 'expires', 'outcome'])
    differ(name, sameUnit(expected[name] ?? null), sameUnit(seen[name] ?? null))
  if (expected.with !== undefined) differ('with', expected.with, seen.with ?? null)
}

/** 24h is 1d. */
function sameUnit(value: Json): Json {
  if (isObject(value) && value.expires !== undefined) return { ...value, expires: sameUnit(value.expires) }
  const ms = durationMs(value)
  return ms === null ? value : durationText(ms)
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** A duration as content writes it, in the largest unit that fits. */
export function durationText(ms: number): string {
  const [unit, size] = units.find(([, one]) => ms % one === 0) ?? ['s', 1000]
  return `${ms / size}${unit}`
}

/** Facts of an incident of which nothing is known. */
export function emptyFacts(): JsonObject {
  return Object.fromEntries(
    Object.entries(incidentFactTypes).map(([name, { kinds, values }]) => {
      if (kinds.has('null')) return [name, null]
      if (name === 'severity') return [name, 'HIGH']
      if (values !== null) return [name, values[0] ?? null]
      return [name, kinds.has('list') ? [] : kinds.has('number') ? 0 : kinds.has('boolean') ? false : '']
    }),
  )
}

const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

function resultOf(raw: Json): { readonly status: 'done' | 'failed'; readonly output: Json } {
  if (!isObject(raw)) return { status: raw === 'failed' ? 'failed' : 'done', output: null }
  return { status: raw.status === 'failed' ? 'failed' : 'done', output: raw.output ?? null }
}
