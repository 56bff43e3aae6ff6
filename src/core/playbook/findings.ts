import { formatPlace, type Place, type Problem, problem } from '../model/index.ts'
import type { Type } from '../template/index.ts'
import type { Knowledge } from './knowledge.ts'
import type { ActionStep, KnownAction } from './language.ts'

/** Where the problems of a playbook are gathered. */
export interface Findings {
  readonly problems: Problem[]
}

const onTheWay = ', on the way '

/** The choices that lead to where something is wrong, as a list of places; what is missing says its own. */
export function withWay(message: string, { trail }: Knowledge): string {
  return trail.length === 0 || message.includes(' on the way ')
    ? message
    : `${message}${onTheWay}${trail.map(formatPlace).join(' > ')}`
}

/** Adds a problem; with what is known there, it says on which way. */
export function report(
  { problems }: Findings,
  code: string,
  message: string,
  place: Place | undefined,
  hint?: string,
  known?: Knowledge,
): void {
  problems.push(problem(`playbook/${code}`, known === undefined ? message : withWay(message, known), place, hint))
}

/** Each problem once, though a loop is gone through twice and several ways lead there. */
export const unique = (problems: readonly Problem[]) => [
  ...new Map(
    problems.map((one) => [
      `${one.code} ${one.message.split(onTheWay)[0]} ${one.place?.line}:${one.place?.column}`,
      one,
    ]),
  ).values(),
]

/** What an effect needs: a way back or a reason why there is none, and a target that is not everything. */
export function checkEffect(
  findings: Findings,
  known: Knowledge,
  step: ActionStep,
  name: string,
  action: KnownAction,
  inputs: Type,
): void {
  if (action.hasRollback === false && (action.irreversible ?? null) === null)
    report(findings, 'rollback', `${name} has no rollback and does not say why`, step.place, undefined, known)
  const target = action.target === undefined ? undefined : inputs.members?.get(action.target)
  for (const value of target?.values ?? [])
    if (/[*%?]|^(all|any|everyone|everybody)$|(^0\.0\.0\.0|^::)(\/|$)|\/0$/i.test(String(value)))
      report(
        findings,
        'target',
        `${name} aims at ${JSON.stringify(value)}, which is more than one`,
        step.place,
        undefined,
        known,
      )
}

/** Nothing secret is told to people. */
export function tell(findings: Findings, known: Knowledge, place: Place, told: Type): void {
  const parts = [told, ...(told.members?.values() ?? [])]
  if (parts.some((one) => one.secret || one.items?.secret === true))
    report(findings, 'secret', 'something secret would be told to people', place, 'leave it out of the text', known)
}
