import { groupsText } from '../policy/index.ts'
import type { ResponseChange } from './plan.ts'
import type { Replayed, ReplayedEffect, ReplayedRun } from './replayed.ts'

/** Runs, actions and approvals that only one side has, of incidents that are matched by `pairs`. */
export function compareResponses(
  before: Replayed,
  after: Replayed,
  pairs: ReadonlyMap<number, number>,
): readonly ResponseChange[] {
  const titles = (one: Replayed) => new Map(one.incidents.map(({ number, title }) => [number, title]))
  // Both sides count in the numbers of the side after; an incident that is gone keeps one that no other can have.
  const old = linesOf(before, titles(before), (number) => pairs.get(number) ?? -number)
  const now = linesOf(after, titles(after), (number) => number)
  const only = (one: Lines, other: Lines, change: ResponseChange['change']) =>
    [...one].filter(([key]) => !other.has(key)).map(([, line]) => ({ change, ...line }))
  return [...only(now, old, 'added'), ...only(old, now, 'lost')]
}

type Line = Omit<ResponseChange, 'change'>
type Lines = ReadonlyMap<string, Line>

function linesOf(
  { runs }: Replayed,
  titles: ReadonlyMap<number, string>,
  sameNumber: (number: number) => number,
): Lines {
  const lines = new Map<string, Line>()
  const add = (run: ReplayedRun, kind: Line['kind'], effect: ReplayedEffect | null, more: string) => {
    const { action = '', target = '', criticality = null } = effect ?? {}
    const key = JSON.stringify([sameNumber(run.incident), run.playbook, kind, action, target, more])
    if (lines.has(key)) return
    const sentence = effect === null ? run.because : effect.sentence
    lines.set(key, {
      kind,
      playbook: run.playbook,
      action,
      target,
      criticality,
      sentence,
      incident: titles.get(run.incident) ?? '',
    })
  }
  for (const run of runs) {
    add(run, 'run', null, '')
    for (const effect of run.effects) {
      if (effect.answer !== 'deny') add(run, 'action', effect, '')
      if (effect.answer === 'ask') add(run, 'approval', effect, groupsText(effect))
    }
  }
  return lines
}
