import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tenantId } from '../../../src/core/model/index.ts'
import { openStore } from '../../../src/store/index.ts'
import { random } from '../../support/generated-playbooks.ts'
import { openPlace, type Place } from './place.ts'
import { disturb, isConcurrent, missed, nameOf, type Outcome, type Reference, record } from './points.ts'
import { pathsOf, type Scenario, scenarios } from './scenarios.ts'
import { type Point, phases } from './watch.ts'

/** What killing workers at points of their work came to. */
export interface PointsReport {
  readonly scenarios: number
  /** Points that the scenarios have in all. */
  readonly points: number
  readonly kills: number
  readonly lost: number
  readonly twice: number
  /** Effects that a person had to decide about: nobody else could know. */
  readonly askedPeople: number
  readonly seconds: number
  /** How many of the points at which a worker was killed are of each kind: by phase, and by what it is before or behind. */
  readonly byKind: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly byScenario: Readonly<Record<string, number>>
  /** All of them. */
  readonly names: readonly string[]
  readonly faults: readonly string[]
}

export interface PointsWish {
  /** How many scenarios are played at once. */
  readonly lanes: number
  /** A part of them, chosen by the seed; all without it. */
  readonly sample?: { readonly seed: number; readonly scenarios: number; readonly points: number }
  /** Only those whose name begins so: `only wipe, before commit`. */
  readonly only?: string
  readonly onPoint?: (where: string, done: number, of: number) => void
}

interface Wanted {
  readonly undisturbed: Reference
  readonly of: Reference
  readonly point: Point
}

/** A step's name without what it is about: `write-intents`, `POST /lock`, `a person, to pause`. */
const whatOf = ({ of, point }: Wanted) => {
  const isPath = pathsOf(of.scenario)
  const words = point.step.replace(/ #\d+$/, '').split(' ')
  return words
    .filter((word) => !isPath(word))
    .map((word) => word.replace(/^(\/\w+)\/.*/, '$1'))
    .join(' ')
}

/** Where a worker has died before, so that the points of one that takes over are known too. */
const firsts: readonly { readonly scenario: string; readonly point: Point }[] = [
  ...['lock', 'stamp', 'wipe'].flatMap((verb) => [
    { scenario: `only ${verb}`, point: { phase: 'before request', step: `POST /${verb}/u1 #1` } as const },
    { scenario: `only ${verb}`, point: { phase: 'vendor did it', step: `POST /${verb}/u1 #1` } as const },
  ]),
  { scenario: 'compensation', point: { phase: 'vendor did it', step: 'POST /unlock/u1 #1' } },
  { scenario: 'containment expires', point: { phase: 'vendor did it', step: 'POST /unlock/u1 #1' } },
]

/**
 * Plays each scenario undisturbed and writes down every outside step of its worker. Then plays it again for each of these
 * points: a worker dies there, another takes over, and in the end everything has to be as it was undisturbed.
 */
export async function killAtPoints({ lanes, sample, only = '', onPoint }: PointsWish): Promise<PointsReport> {
  const from = random(sample?.seed ?? 0)
  const some = <T>(all: readonly T[], n: number | undefined): readonly T[] => {
    const left = [...all]
    return n === undefined
      ? left
      : Array.from({ length: Math.min(n, left.length) }, () => left.splice(from.below(left.length), 1)).flat()
  }
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-points-'))
  await chmod(dir, 0o711)
  const begun = performance.now()
  const main = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
  let places = 0
  const at = async <T>(scenario: Scenario, work: (place: Place) => Promise<T>): Promise<T> => {
    const place = await openPlace(main.url, dir, `place-${++places}`, scenario)
    try {
      return await work(place)
    } finally {
      await place.close()
    }
  }
  try {
    const isMeant = (name: string) => name.startsWith(only) || only.startsWith(`${name}, `)
    const all = [...scenarios.map((one) => ({ scenario: one.id, point: null })), ...firsts]
    const cases = some(
      all.filter((one) => isMeant(one.scenario)),
      sample?.scenarios,
    )
    const wanted: Wanted[] = []
    let points = 0
    const undisturbed = new Map<string, Reference>()
    // One after the other: a watched worker of this process must not see the requests of another.
    for (const { scenario: id, point } of cases) {
      const scenario = scenarios.find((one) => one.id === id)
      if (scenario === undefined) throw new Error(`there is no scenario "${id}"`)
      const plain = undisturbed.get(id) ?? (await at(scenario, (place) => record(place, scenario, null)))
      undisturbed.set(id, plain)
      const of = point === null ? plain : await at(scenario, (place) => record(place, scenario, point))
      points += new Set(of.points.map((one) => nameOf(of, one))).size
      const meant = of.points.filter((one) => nameOf(of, one).startsWith(only))
      for (const one of some(meant, sample?.points)) wanted.push({ undisturbed: plain, of, point: one })
    }
    const outcomes: Outcome[] = []
    const queue = [...wanted]
    const lane = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { undisturbed, of, point } = next
        const where = nameOf(of, point)
        const kill = () => at(of.scenario, (place) => disturb(place, undisturbed, of, point))
        const failed = (error: Error): Outcome => ({ ...missed, faults: [`${where}: ${error.stack}`] })
        let outcome = await kill().catch(failed)
        for (let again = 1; again < 3 && outcome.isMissed && isConcurrent(of.scenario); again++)
          outcome = await kill().catch(failed)
        outcomes.push(outcome)
        onPoint?.(where, outcomes.length, wanted.length)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
    const sum = (of: (one: Outcome) => number) => outcomes.reduce((all, one) => all + of(one), 0)
    const count = (all: readonly Wanted[], of: (one: Wanted) => string) =>
      Object.fromEntries([...Map.groupBy(all, of)].map(([name, some]) => [name, some.length]))
    const kinds = Map.groupBy(wanted, (one) => one.point.phase)
    return {
      scenarios: cases.length,
      points,
      kills: wanted.length,
      lost: sum((one) => one.lost),
      twice: sum((one) => one.twice),
      askedPeople: sum((one) => one.askedPeople),
      seconds: Math.round((performance.now() - begun) / 1000),
      byKind: Object.fromEntries(phases.map((one) => [one, count(kinds.get(one) ?? [], whatOf)])),
      byScenario: count(wanted, (one) => one.of.name),
      names: wanted.map((one) => nameOf(one.of, one.point)),
      faults: outcomes.flatMap((one) => one.faults),
    }
  } finally {
    await main.close()
    await rm(dir, { recursive: true, force: true })
  }
}
