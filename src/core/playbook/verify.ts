import type { Condition } from '../condition/index.ts'
import { didYouMean, type Problem } from '../model/index.ts'
import {
  anything,
  constantOf,
  either,
  listOf,
  misfit,
  objectOf,
  type Type,
  text,
  typeOf,
  typeOfSchema,
  type Value,
  without,
} from '../template/index.ts'
import { withCalled } from './called.ts'
import { whyNever } from './can-hold.ts'
import { checkEffect, report, tell, unique, withWay } from './findings.ts'
import { choose, type Knowledge, learn, meet, scopeOfTypes, start, typeAt, where, whereNot } from './knowledge.ts'
import { type ActionStep, everyStep, type KnownAction, type Playbook, type Step } from './language.ts'
import { weightOf } from './weight.ts'

/** What a playbook is verified against. */
export interface Surroundings {
  readonly actions: ReadonlyMap<string, KnownAction>
  readonly playbooks: ReadonlyMap<string, Playbook>
  /** Ids of playbooks that are there and do not load: theirs are the problems to mend, not those of who calls them. */
  readonly broken?: ReadonlySet<string>
}

interface Walk extends Surroundings {
  readonly playbook: Playbook
  readonly problems: Problem[]
  /** What is known wherever the run may fail or be cancelled. */
  readonly leaving: Knowledge[]
}

/** What is known after something; null when nothing comes after. */
type After = Knowledge | null

const maxActions = 2000

/**
 * Verifies a playbook over all its ways, through branches, loops, calls and failure handlers: every value that is used
 * is there and of the right type, conditions can hold, every step can be reached in time, loops are bounded together,
 * effects can be taken back or say why not and do not aim at everything, and nothing secret is told.
 */
export function verifyPlaybook(playbook: Playbook, surroundings: Surroundings): readonly Problem[] {
  const walk: Walk = { ...surroundings, playbook, problems: [], leaving: [] }
  const inputs = inputTypes(playbook)
  const known = isAlwaysAsked(playbook, surroundings) ? where(start(inputs), playbook.trigger.when) : start(inputs)
  if (playbook.trigger.when !== null) checkCondition(walk, start(inputs), playbook.trigger.when)
  const asked = playbook.trigger.webhook?.when ?? null
  if (asked !== null) checkCondition(walk, known, asked)
  const end = steps(walk, playbook.steps, known)
  const failure = objectOf({ step: text, sentence: text })
  const left = walk.leaving.reduce(meet, known)
  const handling = learn(left, 'failure', failure)
  for (const block of playbook.compensation.values()) steps(walk, block, handling)
  steps(walk, playbook.onFailure, handling)
  steps(walk, playbook.finally, end === null ? left : meet(end, left))
  if (end !== null) useValue(walk, end, playbook.outputs)
  if (end === null && Object.keys(outputsOf(playbook)).length > 0)
    report(walk, 'unreachable', 'the outputs are never made: the run always stops before', playbook.ref.place)
  const calls = weightOf(playbook.steps, surroundings.playbooks, 0)
  if (calls > maxActions)
    report(
      walk,
      'too-many',
      `its loops together may act ${calls} times, at most ${maxActions} are allowed`,
      playbook.ref.place,
    )
  return unique(walk.problems)
}

/** Whether every run has its trigger's condition behind it: people and calling playbooks start one without asking it. */
function isAlwaysAsked({ id, trigger }: Playbook, { playbooks }: Surroundings): boolean {
  const calls = (other: Playbook) => other.id !== id && withCalled(playbooks, other).some((one) => one.id === id)
  return !trigger.manual && ![...playbooks.values()].some(calls)
}

const inputTypes = ({ inputs }: Playbook): readonly (readonly [string, Type])[] =>
  [...(typeOfSchema(inputs).members ?? [])].map(
    ([name, type]) => [`inputs.${name}`, without(type, 'undefined')] as const,
  )

const outputsOf = (playbook: Playbook) => Object.fromEntries(playbook.outputs.infer(() => anything).type.members ?? [])

function useValue(walk: Walk, known: Knowledge, value: Value): Type {
  const { type, problems } = value.infer(scopeOfTypes(known))
  for (const one of problems)
    walk.problems.push({
      ...one,
      message: withWay(one.message, known),
      hint: one.hint ?? 'use default(...), or ask with "if" whether it is there',
    })
  return type
}

function steps(walk: Walk, list: readonly Step[], known: Knowledge): After {
  let now: After = known
  let before = known
  for (const step of list) {
    if (now === null) {
      report(walk, 'unreachable', `"${step.id}" is never reached: the run stops before`, step.place, undefined, before)
      return null
    }
    walk.leaving.push(now)
    before = now
    now = guarded(walk, step, now)
  }
  return now
}

function guarded(walk: Walk, step: Step, known: Knowledge): After {
  if (step.when === null) return after(walk, step, known)
  checkCondition(walk, known, step.when)
  const taken = after(walk, step, where(known, step.when))
  const skipped = learn(choose(whereNot(known, step.when), step.place), `steps.${step.id}`, stepType(['skipped'], null))
  return taken === null ? skipped : meet(taken, skipped)
}

/** What `steps.<id>` is; without an output on some ways, it may be null. */
function stepType(statuses: readonly string[], output: Type | null, isAlways = false): Type {
  const nothing: Type = { ...typeOf('null'), missing: 'the step may have been skipped, denied or failed' }
  return objectOf({
    status: statuses.map(constantOf).reduce(either),
    output: output === null ? nothing : isAlways ? output : either(output, nothing),
  })
}

function after(walk: Walk, step: Step, known: Knowledge): After {
  const self = `steps.${step.id}`
  const goesOn = step.onError.kind === 'continue'
  const ends = goesOn ? ['done', 'failed'] : ['done']
  switch (step.kind) {
    case 'stop':
      return null
    case 'action':
      return learn(known, self, actionType(walk, step, known))
    case 'task':
      tell(walk, known, step.place, useValue(walk, known, step.task))
      return learn(known, self, stepType(ends, text, true))
    case 'ask': {
      tell(walk, known, step.place, useValue(walk, known, step.question))
      const answer = objectOf({ answer: step.options.map(constantOf).reduce(either), by: text })
      return learn(known, self, stepType(ends, answer, !goesOn || step.onExpiry !== null))
    }
    case 'wait': {
      const elapsedMs = known.elapsedMs + (step.signal === null ? step.forMs : 0)
      if (elapsedMs >= walk.playbook.deadlineMs)
        report(
          walk,
          'deadline',
          `what comes after "${step.id}" is later than the deadline`,
          step.place,
          undefined,
          known,
        )
      const output = objectOf({ received: typeOf('boolean'), payload: anything })
      return learn({ ...known, elapsedMs }, self, stepType(ends, output, !goesOn))
    }
    case 'set': {
      const type = useValue(walk, known, step.values)
      const values = [...(type.members ?? [])].map(([name, one]) => [`vars.${name}`, one] as const)
      return learn(
        values.reduce((now, [name, one]) => learn(now, name, one), known),
        self,
        stepType(ends, type, true),
      )
    }
    case 'branch': {
      const ways: After[] = []
      let rest = known
      for (const one of step.cases) {
        checkCondition(walk, rest, one.when)
        ways.push(steps(walk, one.steps, choose(where(rest, one.when), one.steps[0]?.place ?? step.place)))
        rest = whereNot(rest, one.when)
      }
      ways.push(steps(walk, step.otherwise, choose(rest, step.otherwise[0]?.place ?? step.place)))
      if (goesOn) ways.push(broken(walk, step, known))
      return join(ways, self, stepType(ends, objectOf({ case: typeOf('number') }), !goesOn))
    }
    case 'parallel': {
      const ways = step.branches.map((one) => steps(walk, one.steps, choose(known, one.steps[0]?.place ?? step.place)))
      const open = ways.filter((one) => one !== null)
      if (open.length === 0) return null
      const isAll = step.join === step.branches.length && !goesOn
      const output = objectOf(Object.fromEntries(step.branches.map((one) => [one.id, text])))
      const all = open.reduce((a, b) => (isAll ? together(known, a, b) : meet(a, b)))
      return learn(isAll ? all : meet(all, choose(known, step.place)), self, stepType(ends, output, !goesOn))
    }
    case 'forEach': {
      const list = useValue(walk, known, step.list)
      const wrong = misfit(list, { ...typeOf('list'), items: null })
      if (wrong !== null) report(walk, 'type', `forEach of "${step.id}": ${wrong}`, step.place, undefined, known)
      const item = learn(choose(known, step.place), step.as, list.items ?? anything)
      const inside = loop(walk, step.steps, item, known)
      const output = listOf(step.short ? either(anything, typeOf('null')) : anything)
      return learn(inside, self, stepType([...ends, 'skipped'], output, !goesOn))
    }
    case 'while': {
      checkCondition(walk, known, step.condition)
      const inside = loop(walk, step.steps, choose(where(known, step.condition), step.place), known)
      const output = objectOf({ turns: typeOf('number'), ended: either(constantOf('bound'), constantOf('condition')) })
      return learn(inside, self, stepType(ends, output, !goesOn))
    }
    case 'call': {
      const callee = walk.playbooks.get(step.playbook)
      const given = useValue(walk, known, step.inputs)
      if (callee === undefined) {
        if (walk.broken?.has(step.playbook) !== true) {
          const near = didYouMean(step.playbook, walk.playbooks.keys())
          report(walk, 'unknown-playbook', `there is no playbook "${step.playbook}"`, step.place, near)
        }
        return learn(known, self, stepType(ends, anything, !goesOn))
      }
      const declared = typeOfSchema(callee.inputs)
      const wrong = misfit(given, declared) ?? unknownInput(given, declared)
      if (wrong !== null)
        report(walk, 'type', `the inputs of "${step.playbook}": ${wrong}`, step.place, undefined, known)
      return learn(known, self, stepType(ends, objectOf(outputsOf(callee)), !goesOn))
    }
  }
}

function unknownInput(given: Type, declared: Type): string | null {
  const other = [...(given.members?.keys() ?? [])].find((name) => !declared.members?.has(name))
  return other === undefined ? null : `it takes no "${other}"`
}

/** The block failed somewhere inside and the run goes on: nothing of it is sure. */
const broken = (walk: Walk, step: Step, known: Knowledge): Knowledge => {
  const inside = new Set([...everyStep([step])].map((one) => one.place))
  return walk.leaving
    .filter((one) => one.trail.some((place) => inside.has(place)))
    .reduce(meet, choose(known, step.place))
}

function join(ways: readonly After[], self: string, type: Type): After {
  const open = ways.filter((one) => one !== null)
  return open.length === 0 ? null : learn(open.reduce(meet), self, type)
}

/** Branches that all came to their end: what any of them made is there. */
function together(before: Knowledge, a: Knowledge, b: Knowledge): Knowledge {
  const names = new Map(a.names)
  for (const [name, type] of b.names) {
    const own = a.names.get(name)
    names.set(
      name,
      own === undefined || own === before.names.get(name)
        ? type
        : type === before.names.get(name)
          ? own
          : either(own, type),
    )
  }
  return { ...meet(a, b), names, elapsedMs: Math.max(a.elapsedMs, b.elapsedMs) }
}

/** A body that is gone through any number of times: its steps are seen inside only, its variables also after it. */
function loop(walk: Walk, list: readonly Step[], inside: Knowledge, before: Knowledge): Knowledge {
  const once = steps(walk, list, inside)
  const again = once === null ? null : steps(walk, list, meet(inside, own(once, inside)))
  const last = again ?? once
  return last === null ? before : meet(before, own(last, before))
}

/** Without the names of the steps and items of a loop. */
function own(known: Knowledge, before: Knowledge): Knowledge {
  const names = [...known.names].filter(([name]) => name.startsWith('vars.') || before.names.has(name))
  return { ...known, names: new Map(names), shown: before.shown }
}

function actionType(walk: Walk, step: ActionStep, known: Knowledge): Type {
  const name = `${step.integration}.${step.action}`
  const action = walk.actions.get(name)
  const given = useValue(walk, known, step.inputs)
  const statuses = step.onError.kind === 'continue' ? ['done', 'denied', 'failed'] : ['done', 'denied']
  if (action === undefined) return stepType(statuses, anything)
  const wrong = misfit(given, { ...typeOfSchema(action.input), secret: false })
  if (wrong !== null) report(walk, 'type', `the inputs of ${name}: ${wrong}`, step.place, undefined, known)
  if (action.effect === 'notify') tell(walk, known, step.place, given)
  if (action.effect === 'reversible' || action.effect === 'destructive')
    checkEffect(walk, known, step, name, action, given)
  return stepType(statuses, action.output === undefined ? anything : typeOfSchema(action.output))
}

function checkCondition(walk: Walk, known: Knowledge, condition: Condition): void {
  for (const one of condition.comparisons) {
    const never = whyNever(one, typeAt(known, one.fact.split('.')))
    if (never !== null)
      report(walk, 'never', `"${one.fact}" ${one.operator} can never hold: ${never}`, one.place, undefined, known)
  }
}
