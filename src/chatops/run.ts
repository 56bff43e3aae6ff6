import type { Command } from '../core/command/index.ts'
import { didYouMean, isObject, type Json, type JsonObject, oneLine } from '../core/model/index.ts'
import { cancelRun, listRuns, type RunSummary, startByHand } from '../respond/index.ts'
import type { Ask, ChatParts } from './ask.ts'
import { done, type Reply, refused } from './reply.ts'

/** `/run`: a playbook that may be started by hand, with inputs of the types that it declares. */
export async function startPlaybook(
  { store, bundle }: ChatParts,
  command: Extract<Command, { readonly verb: 'run' }>,
  { speaker, incident, at }: Ask,
): Promise<Reply> {
  const live = bundle()
  const playbook = live.playbooks.get(command.playbook)
  const byHand = [...live.playbooks.values()].filter((one) => one.trigger.manual).map((one) => one.id)
  if (playbook === undefined || !playbook.trigger.manual) {
    const near = didYouMean(command.playbook, byHand)
    return refused(
      playbook === undefined
        ? `there is no playbook "${command.playbook}"${near === undefined ? '' : `: ${near}`}`
        : `"${playbook.id}" is not started by hand: its trigger does not say "manual: true"`,
      byHand.length === 0 ? 'no playbook is' : `started by hand: ${byHand.sort().join(', ')}`,
    )
  }
  const typed = typedInputs(playbook.inputs, command.inputs)
  const takes = `it takes ${describe(playbook.inputs)}`
  if (!typed.ok) return refused(typed.why, takes)
  const { actor } = speaker
  const started = await startByHand(store, live, {
    playbook: playbook.id,
    incident,
    inputs: typed.inputs,
    actor,
    reason: command.reason,
    at,
  })
  if (!started.ok) return refused(`"${playbook.id}" is not started: ${started.why}`, takes)
  return done(
    `INC-${incident}: started "${playbook.id}" as ${started.run}`,
    'what it may not do by itself waits in /status',
  )
}

/** `/cancel` and `/rollback`: ends a run of the incident that is not over, and takes back what it did where that is wanted. */
export async function endRun(
  { store }: ChatParts,
  command: Extract<Command, { readonly verb: 'cancel' | 'rollback' }>,
  { speaker, incident, at }: Ask,
): Promise<Reply> {
  const runs = await store.transaction((tx) => listRuns(tx, { incident, limit: 200 }))
  const active = runs.filter((one) => ['running', 'waiting', 'paused'].includes(one.status))
  const { run: named } = command
  const isMeant = (one: RunSummary) => named === null || one.id.startsWith(named) || one.playbook === named
  const [only, ...others] = active.filter(isMeant)
  if (only === undefined) {
    const over = runs.find(isMeant)
    if (named === null || over === undefined)
      return refused(
        `no run${named === null ? '' : ` ${oneLine(named, 60)}`} of INC-${incident} is under way`,
        ...(active.length === 0 ? [] : ['under way:', ...active.slice(0, 10).map(lineOf)]),
      )
    return refused(
      `the run of ${over.playbook} is ${over.status} already`,
      'what it contained is taken back by removing it from the containment file of the incident, or when the incident is closed',
    )
  }
  if (others.length > 0)
    return refused('several runs are under way: say which', ...[only, ...others].slice(0, 10).map(lineOf))
  const rollback = command.verb === 'rollback'
  const ended = await cancelRun(store, only.id, { actor: speaker.actor, reason: command.reason, at, rollback })
  if (!ended.ok) return refused(`${lineOf(only)}: ${ended.why}`)
  return done(
    `INC-${incident}: the run of ${only.playbook} ends${rollback ? ', and what it did is taken back, the last first' : '; what it did stays'}`,
  )
}

const lineOf = (one: RunSummary) => `${one.id.slice(0, 12)} of ${one.playbook}, ${one.status}`

type Typed = { readonly ok: true; readonly inputs: JsonObject } | { readonly ok: false; readonly why: string }

/** Texts as values of the types that a playbook's inputs have. What is declared as text stays text, whatever it looks like. */
export function typedInputs(schema: JsonObject, given: readonly (readonly [name: string, text: string])[]): Typed {
  const declared = isObject(schema.properties) ? schema.properties : {}
  const entries: [string, Json][] = []
  for (const [name, text] of given) {
    const wanted = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (!isObject(wanted)) {
      const near = didYouMean(name, Object.keys(declared))
      return { ok: false, why: `there is no input "${name}"${near === undefined ? '' : `: ${near}`}` }
    }
    const value = typedValue(String(wanted.type ?? 'string'), text)
    if (value === undefined)
      return { ok: false, why: `"${name}" is "${oneLine(text, 60)}", which is no ${String(wanted.type)}` }
    entries.push([name, value])
  }
  return { ok: true, inputs: Object.fromEntries(entries) }
}

function typedValue(type: string, text: string): Json | undefined {
  switch (type) {
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined
    case 'number':
      return /^-?\d{1,15}(?:\.\d{1,10})?$/.test(text) ? Number(text) : undefined
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'array':
      return parsed(text) ?? text.split(',')
    case 'object':
      return parsed(text)
    default:
      return text
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** What a playbook takes, as in `host=string, hours=integer (may be left out)`. */
function describe(schema: JsonObject): string {
  const declared = isObject(schema.properties) ? schema.properties : {}
  const required = Array.isArray(schema.required) ? schema.required.map(String) : []
  const list = Object.entries(declared).map(([name, one]) => {
    const type = isObject(one) ? String(one.type ?? 'text') : 'text'
    return `${name}=${type}${required.includes(name) ? '' : ' (may be left out)'}`
  })
  return list.length === 0 ? 'no inputs' : list.slice(0, 20).join(', ')
}
