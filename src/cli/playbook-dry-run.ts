import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { readIncident } from '../cases/index.ts'
import {
  askHook,
  type Bundle,
  compilePlaybookFixture,
  effectOf,
  emptyFacts,
  filledInputs,
  hookMeans,
  parseDocument,
  questionOf,
} from '../core/content/index.ts'
import { incidentFacts } from '../core/correlate/index.ts'
import type { Json, JsonObject } from '../core/model/index.ts'
import { type Playbook, type Played, type PlayedEffect, play, type Script } from '../core/playbook/index.ts'
import { findAction, renderRequest } from '../respond/index.ts'
import { chosenPlaybooks } from './chosen-playbooks.ts'
import { Failure } from './failure.ts'
import { givenInputs } from './given-inputs.ts'
import { loadBundle } from './load-bundle.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { playbookGroup } from './playbook-group.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly incident: string
  readonly request?: string
  readonly input?: readonly string[]
  readonly json?: boolean
  readonly fixture?: boolean
  readonly content?: string
}

/** `gitsoc playbook dry-run`: the way a playbook would go for an incident, with the requests it would send. */
export function register(program: Command): void {
  withStoreOptions(
    playbookGroup(program)
      .command('dry-run <playbook>')
      .description('show the steps a playbook would take for an incident, and the exact requests; nothing is sent'),
  )
    .requiredOption('--incident <fixture|INC-n>', 'a fixture file, or an incident of the store')
    .option('--request <file>', "JSON body of a request to the playbook's webhook, which gives its inputs")
    .option('--input <k=v...>', 'inputs of the playbook; a value that is JSON is taken as such')
    .option('--fixture', 'print it as a fixture, to be kept after reading it')
    .option('--json', 'one JSON document instead of text')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nWhat nobody has said is taken as it would go on: approvals are given, actions succeed, questions get their first' +
        '\noption; the output says so. Secrets stand as ***.' +
        '\n\nExamples:\n  gitsoc playbook dry-run playbooks/phishing-triage.yaml --incident INC-2\n  gitsoc playbook dry-run phishing-triage --incident test/fixtures/playbooks/phishing-triage/visited.yaml --json\n  gitsoc playbook dry-run lost-device --incident INC-7 --request report.json',
    )
    .action(async (name: string, options: Options) => {
      const bundle = await loadBundle(options.content === undefined ? {} : { content: options.content })
      const [playbook] = chosenPlaybooks(bundle, [name])
      if (playbook === undefined) throw new Failure('name a playbook', { exitCode: 2 })
      const { script, request } = await startOf(playbook, options)
      const played = await play(playbook, script, { ...bundle, assume: true })
      if (options.fixture) process.stdout.write(fixtureOf(playbook, script, request, played))
      else if (options.json) process.stdout.write(`${JSON.stringify(report(bundle, playbook, played))}\n`)
      else process.stdout.write(text(bundle, playbook, played))
    })
}

/** What the run would begin with: the inputs of the fixture, of the command line, or what the webhook makes of a request. */
async function startOf(
  playbook: Playbook,
  options: Options,
): Promise<{ readonly script: Script; readonly request: JsonObject | null }> {
  const { script, request: ofFixture } = await scriptOf(options)
  const request = options.request === undefined ? ofFixture : await bodyOf(options.request)
  const refused = (why: string) => new Failure(`it would not start: ${why}`)
  if (request === null) {
    const filled = filledInputs(playbook.inputs, {
      ...script.inputs,
      ...givenInputs(options.input ?? [], playbook.inputs),
    })
    if (filled.ok) return { script: { ...script, inputs: filled.inputs }, request }
    throw new Failure(filled.why, { hint: 'give it with --input name=value', exitCode: 2 })
  }
  if (options.input !== undefined)
    throw new Failure('the request gives the inputs', { hint: 'leave out --input', exitCode: 2 })
  const asked = askHook(playbook, request)
  if (!asked.ok) throw refused(asked.why)
  const { incident, inputs } = asked.wish
  if (incident !== script.facts.number) throw refused(`the request is for incident ${incident}`)
  const { matched, facts } = await hookMeans(playbook, script.facts, inputs)
  if (matched) return { script: { ...script, inputs }, request }
  throw refused(facts.map(({ name, value }) => `${name} is ${JSON.stringify(value)}`).join(', '))
}

async function bodyOf(file: string): Promise<JsonObject> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const parsed = parseDocument(file, text)
  if (text === '' || !parsed.ok) throw new Failure(`${file} is no JSON object`, { exitCode: 2 })
  return parsed.value.value
}

async function scriptOf(options: Options): Promise<{ readonly script: Script; readonly request: JsonObject | null }> {
  const nothing = {
    inputs: {},
    results: new Map(),
    answers: new Map(),
    signals: new Map(),
    destructiveInLastHour: 0,
    stopped: false,
    criticality: new Map(),
    at: Date.now(),
  }
  const number = /^(?:INC-|#)?(\d{1,9})$/i.exec(options.incident)?.[1]
  if (number !== undefined) {
    const incident = await withStore(options, (store) => store.transaction((tx) => readIncident(tx, Number(number))))
    if (incident === null)
      throw new Failure(`there is no incident ${number}`, { hint: 'gitsoc incidents list --all shows what there is' })
    return { script: { ...nothing, facts: incidentFacts(incident) }, request: null }
  }
  const file = await readFile(options.incident, 'utf8').catch(() => {
    throw new Failure(`there is no file ${options.incident}`, {
      hint: 'give a fixture, or an incident like INC-2',
      exitCode: 2,
    })
  })
  const parsed = parseDocument(options.incident, file)
  const compiled = parsed.ok ? compilePlaybookFixture(parsed.value) : parsed
  if (!compiled.ok) throw new Failure(compiled.problems[0]?.message ?? 'the fixture cannot be read')
  return compiled.value
}

/** The request of an effect as it would be sent, with its rollback; secrets hidden. */
function requestsOf(bundle: Bundle, effect: PlayedEffect): JsonObject {
  const [integration = '', action = ''] = effect.action.split('.')
  const found = findAction(bundle.integrations, integration, action)
  const render = (request: Json | undefined): Json => {
    if (found === undefined || typeof request !== 'object' || request === null || Array.isArray(request)) return null
    const rendered = renderRequest(found.integration, request as JsonObject, effect.inputs, {})
    return rendered.ok ? hidden(rendered.value) : { problem: rendered.problems[0]?.message ?? 'cannot be rendered' }
  }
  const spec: JsonObject = found?.spec ?? {}
  return { request: render(spec.request), rollback: render(spec.rollback), irreversible: spec.irreversible ?? null }
}

function hidden(value: Json): Json {
  if (typeof value === 'string') return value.replace(/secret:[a-z0-9-]+/g, '***')
  if (Array.isArray(value)) return (value as readonly Json[]).map(hidden)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hidden(one as Json)]))
}

function report(bundle: Bundle, playbook: Playbook, played: Played) {
  return {
    playbook: playbook.id,
    bundle: bundle.digest,
    assumed: played.open,
    steps: played.steps.map(({ readable, status, sentence }) => ({ step: readable, status, sentence })),
    effects: played.effects.map((one) => ({ ...effectOf(one), why: one.gate.sentence, ...requestsOf(bundle, one) })),
    tasks: played.tasks,
    end: played.end,
  }
}

function text(bundle: Bundle, playbook: Playbook, played: Played): string {
  const lines = [`${playbook.title} (${playbook.id}), dry run: nothing is sent`, '']
  const effects = new Map(played.effects.map((one) => [one.path, one]))
  for (const { readable, status, sentence } of played.steps) {
    lines.push(`  ${status.padEnd(8)} ${readable}  ${sentence}`)
    const effect = effects.get(readable)
    if (effect === undefined) continue
    if (effect.outcome === 'denied') continue
    lines.push(`           ${effect.gate.sentence}`)
    const { request, rollback, irreversible } = requestsOf(bundle, effect)
    if (request !== null) lines.push(...block('sends', request as JsonObject))
    if (rollback !== null) lines.push(...block('undo', rollback as JsonObject))
    if (irreversible !== null) lines.push(`           no way back: ${String(irreversible)}`)
  }
  lines.push('', `the run is ${played.end.status}: ${played.end.sentence}`)
  if (Object.keys(played.end.outputs).length > 0) lines.push(`outputs: ${JSON.stringify(played.end.outputs)}`)
  if (played.open.length > 0) lines.push(`assumed to go well: ${played.open.join(', ')}`)
  return `${lines.join('\n')}\n`
}

function block(name: string, request: JsonObject): string[] {
  if (request.problem !== undefined) return [`           ${name}: ${String(request.problem)}`]
  const headers = Object.entries((request.headers ?? {}) as JsonObject).map(
    ([key, value]) => `             ${key}: ${String(value)}`,
  )
  const body = request.body === null ? [] : [`             ${JSON.stringify(request.body)}`]
  return [`           ${name}: ${String(request.method)} ${String(request.url)}`, ...headers, ...body]
}

/** A fixture that expects what was seen: to be read before it is kept. */
function fixtureOf(playbook: Playbook, script: Script, request: JsonObject | null, played: Played): string {
  const empty = emptyFacts()
  const incident = Object.fromEntries(
    Object.entries(script.facts).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(empty[name])),
  )
  const answers = Object.fromEntries([
    ...script.answers,
    ...played.open.flatMap((one) => {
      const approval = /^the approval of "(.+)"$/.exec(one)?.[1]
      return approval === undefined ? [] : [[approval, 'approve'] as const]
    }),
    ...played.questions
      .filter(({ path }) => played.open.includes(`the question "${path}"`))
      .map(({ path, options }) => [path, options[0] ?? 'expire'] as const),
  ])
  const results = Object.fromEntries(
    [...script.results].map(([name, one]) => [name, one.output === null ? one.status : one]),
  )
  const path = played.steps.map((one) => (one.status === 'done' ? one.readable : `${one.readable}: ${one.status}`))
  const fixture = {
    playbook: playbook.id,
    title: 'what this shows',
    incident,
    ...(request === null ? {} : { request }),
    ...(request === null && Object.keys(script.inputs).length > 0 ? { inputs: script.inputs } : {}),
    ...(Object.keys(results).length > 0 ? { results } : {}),
    ...(Object.keys(answers).length > 0 ? { answers } : {}),
    expect: {
      status: played.end.status,
      path,
      ...(played.effects.length > 0 ? { effects: played.effects.map(effectOf) } : {}),
      ...(played.questions.length > 0 ? { questions: played.questions.map(questionOf) } : {}),
      ...(played.tasks.length > 0 ? { tasks: played.tasks } : {}),
      ...(Object.keys(played.end.outputs).length > 0 ? { outputs: played.end.outputs } : {}),
    },
  }
  return `# yaml-language-server: $schema=../../../../playbooks/fixture.schema.json\n${stringify(fixture, { lineWidth: 140, aliasDuplicateObjects: false })}`
}
