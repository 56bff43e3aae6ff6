import type { Place } from '../model/index.ts'
import { everyStep, type Playbook, type Played, type Step } from '../playbook/index.ts'

/** One way that a playbook can go, and whether a fixture went it. */
export interface Way {
  readonly step: string
  /** `taken`, `skipped`, `failed`, `case 1`, `otherwise`, `answer yes`, `not received`. */
  readonly way: string
  readonly place: Place
  readonly count: number
}

/** Every way of a playbook with how often its fixtures went it: steps, guards both ways, cases, answers, failures that are handled. */
export function coverPlaybook(playbook: Playbook, plays: readonly Played[]): readonly Way[] {
  const seen = new Map<string, number>()
  const see = (step: string, way: string) => seen.set(`${step} ${way}`, (seen.get(`${step} ${way}`) ?? 0) + 1)
  for (const { results } of plays) {
    for (const { path, status, output } of results) {
      const id = (path.split('/').at(-1) ?? '').replace(/[[#?].*$/, '')
      if (status !== 'decided') see(id, status === 'skipped' ? 'skipped' : 'taken')
      if (status === 'failed') see(id, 'failed')
      if (typeof output !== 'object' || output === null || Array.isArray(output)) continue
      const member = (name: string) =>
        Object.hasOwn(output, name) ? (output as Record<string, unknown>)[name] : undefined
      if (status === 'decided' && typeof member('case') === 'number')
        see(id, Number(member('case')) < 0 ? 'otherwise' : `case ${Number(member('case')) + 1}`)
      if (typeof member('answer') === 'string') see(id, `answer ${String(member('answer'))}`)
      if (member('received') === false) see(id, 'not received')
    }
  }
  const blocks = [playbook.steps, ...playbook.compensation.values(), playbook.onFailure, playbook.finally]
  const ways = blocks.flatMap((block) => [...everyStep(block)]).flatMap((step) => waysOf(step))
  const unique = new Map(ways.map((one) => [`${one.step} ${one.way}`, one]))
  return [...unique.values()].map((one) => ({ ...one, count: seen.get(`${one.step} ${one.way}`) ?? 0 }))
}

function waysOf(step: Step): readonly Omit<Way, 'count'>[] {
  const way = (name: string, place = step.place) => ({ step: step.id, way: name, place })
  const ways = [way('taken')]
  if (step.when !== null || step.kind === 'forEach') ways.push(way('skipped'))
  if (step.onError.kind === 'goto' || (step.kind === 'action' && step.onError.kind === 'continue'))
    ways.push(way('failed'))
  if (step.kind === 'branch') {
    for (const [index, one] of step.cases.entries()) ways.push(way(`case ${index + 1}`, one.steps[0]?.place))
    ways.push(way('otherwise', step.otherwise[0]?.place))
  }
  if (step.kind === 'ask') for (const option of step.options) ways.push(way(`answer ${option}`))
  if (step.kind === 'wait' && step.signal !== null && step.onTimeout === 'continue') ways.push(way('not received'))
  return ways
}
