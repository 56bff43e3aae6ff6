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
import { incidentFactTypes, type Playbook, type Played, play, type Script, type Stage } from '../playbook/index.ts'
import { givenBy, startsOnceMore, startsWith } from './fixture-start.ts'
import { durationText, effectOf, questionOf } from './played-form.ts'
import { compileSchema } from './schema.ts'

/** A Tuesday at noon, for fixtures that say nothing of the time. */
const noon = Date.UTC(2026, 0, 6, 12)
const checkSchema = compileSchema(fixtureSchema)

/** Facts put over the incident's, so long after the playbook began for it, and whether it starts once more. */
export interface Again {
  readonly afterMs: number
  readonly over: JsonObject
  readonly starts: boolean
}

/** A test of a playbook: an incident, what the world answers, and what is expected. */
export interface PlaybookFixture {
  readonly file: string
  readonly title: string
  readonly playbook: string
  readonly script: Script
  /** What happened to the incident; null = the trigger's condition alone is asked. */
  readonly change: string | null
  /** Body of a request to the playbook's webhook, which then gives the inputs; null = there is none. */
  readonly request: JsonObject | null
  /** Facts put over the incident's (and perhaps another `change` or `request`) with which it starts too, and with which it does not. */
  readonly starts: readonly JsonObject[]
  readonly ignores: readonly JsonObject[]
  /** The same after a run for the incident has begun already, and whether it starts then. */
  readonly again: readonly Again[]
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
  const checkFacts = (facts: Json | undefined, path: readonly (string | number)[], others: readonly string[]) => {
    for (const name of Object.keys(objectOf(facts)))
      if (!Object.hasOwn(incidentFactTypes, name) && !others.includes(name))
        problems.push(
          problem(
            'fixture/fact',
            `an incident has no "${name}"`,
            document.place([...path, name], 'key'),
            didYouMean(name, Object.keys(incidentFactTypes)),
          ),
        )
  }
  checkFacts(raw.incident, ['incident'], [])
  for (const list of ['starts', 'ignores'])
    for (const [index, facts] of objectsOf(raw[list]).entries()) checkFacts(facts, [list, index], ['change', 'request'])
  for (const [index, facts] of objectsOf(raw.again).entries())
    checkFacts(facts, ['again', index], ['change', 'request', 'after', 'starts'])
  if (raw.request !== undefined && raw.inputs !== undefined)
    problems.push(
      problem('fixture/inputs', 'the request gives the inputs', document.place(['inputs'], 'key'), 'remove it'),
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
      change: typeof raw.change === 'string' ? raw.change : null,
      request: isObject(raw.request) ? raw.request : null,
      starts: objectsOf(raw.starts),
      ignores: objectsOf(raw.ignores),
      again: objectsOf(raw.again).map(({ after, starts, ...over }) => ({
        afterMs: durationMs(after) ?? 0,
        starts: starts === true,
        over,
      })),
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
  for (const [list, wanted] of [
    ['starts', true],
    ['ignores', false],
  ] as const)
    for (const [index, over] of fixture[list].entries()) {
      const seen = await startsWith(playbook, fixture, over)
      if (seen !== wanted)
        differences.push({ what: 'whether it starts', expected: wanted, seen, place: fixture.place([list, index]) })
    }
  for (const [index, one] of fixture.again.entries()) {
    const seen = await startsOnceMore(playbook, fixture, one)
    if (seen !== one.starts)
      differences.push({
        what: 'whether it starts again',
        expected: one.starts,
        seen,
        place: fixture.place(['again', index]),
      })
  }
  const given = givenBy(playbook, fixture)
  const triggered = await startsWith(playbook, fixture, {})
  differ(
    'whether it starts',
    fixture.expect.triggered ?? true,
    triggered,
    fixture.expect.triggered === undefined ? [] : ['triggered'],
  )
  if (!triggered) return { fixture, played: null, differences }
  if (!given.ok) {
    differences.push({ what: 'the inputs', expected: 'to fit', seen: given.why, place: fixture.place(['inputs']) })
    return { fixture, played: null, differences }
  }
  if (fixture.expect.key !== undefined) differ('the key of the request', fixture.expect.key, given.key, ['key'])
  const played = await play(playbook, { ...fixture.script, inputs: given.inputs }, { ...stage, policies })
  compare(fixture.expect, played, differ)
  for (const open of played.open)
    differences.push({
      what: `the fixture does not answer ${open}`,
      expected: 'an answer',
      seen: null,
      place: fixture.place([]),
    })
  for (const unused of played.unused)
    differences.push({
      what: `the fixture says what does not come: ${unused}`,
      expected: 'to be asked',
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
  compareQuestions(objectsOf(expect.questions), played.questions.map(questionOf), differ)
  const wanted = objectsOf(expect.effects)
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

/** Every question is compared, its text where the fixture gives one. */
function compareQuestions(expected: readonly JsonObject[], seen: readonly JsonObject[], differ: Differ): void {
  for (let index = 0; index < Math.max(expected.length, seen.length); index++) {
    const [one, other] = [expected[index], seen[index]]
    if (one === undefined || other === undefined)
      differ(
        one === undefined ? 'a question that nobody expects' : 'a question that did not come',
        one ?? null,
        other ?? null,
        ['questions'],
      )
    else
      for (const name of ['step', 'question', 'options', 'to', 'expires', 'onExpiry'])
        if (name !== 'question' || one.question !== undefined)
          differ(`${name} of question ${index + 1}`, sameUnit(one[name] ?? null), sameUnit(other[name] ?? null), [
            'questions',
            index,
          ])
  }
}

/** `with` is compared when it is given; everything else always. */
function compareEffect(
  expected: JsonObject,
  seen: JsonObject,
  differ: (name: string, expected: Json, seen: Json) => void,
): void {
  for (const name of ['step', 'action', 'target', 'gate', 'asks', 'expires', 'attempts', 'outcome'])
    differ(name, sameUnit(expected[name] ?? null), sameUnit(seen[name] ?? null))
  if (expected.with !== undefined) differ('with', expected.with, seen.with ?? null)
}

/** 24h is 1d. */
function sameUnit(value: Json): Json {
  if (isObject(value) && value.expires !== undefined) return { ...value, expires: sameUnit(value.expires) }
  const ms = durationMs(value)
  return ms === null ? value : durationText(ms)
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

const objectsOf = (value: Json | undefined): readonly JsonObject[] =>
  Array.isArray(value) ? (value as readonly Json[]).filter(isObject) : []
const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})

function resultOf(raw: Json): { readonly status: 'done' | 'failed'; readonly output: Json } {
  if (!isObject(raw)) return { status: raw === 'failed' ? 'failed' : 'done', output: null }
  return { status: raw.status === 'failed' ? 'failed' : 'done', output: raw.output ?? null }
}
