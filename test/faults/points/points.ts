import { killAt, type Place, playOut } from './place.ts'
import type { Scenario } from './scenarios.ts'
import { differences, readTrace, type Trace } from './trace.ts'
import type { Phase, Point } from './watch.ts'

/** A scenario that was played undisturbed, or from where another worker had died: its end, and the points on the way. */
export interface Reference {
  readonly name: string
  readonly scenario: Scenario
  /** Where a worker died before. */
  readonly first: Point | null
  readonly points: readonly Point[]
  readonly trace: Trace
  readonly done: ReadonlyMap<string, number>
}

/** Plays a scenario and writes down every outside step of its worker. */
export async function record(place: Place, scenario: Scenario, first: Point | null): Promise<Reference> {
  const points: Point[] = []
  const name = first === null ? scenario.id : `${scenario.id}, taken over ${first.phase} ${first.step}`
  if (first !== null && !(await killAt(place, scenario, first))) throw new Error(`${name}: it was not killed`)
  await playOut(place, scenario, (phase: Phase, steps) => points.push({ phase, step: telling(steps) }))
  const trace = await readTrace(place.store, place.dir)
  if (trace.faults.length > 0) throw new Error(`${name}: ${trace.faults.join('; ')}`)
  return { name, scenario, first, points, trace, done: place.vendor.done }
}

/** `only wipe, after commit write-intents wipe-u1 #1` */
export const nameOf = (of: Pick<Reference, 'name'>, point: Point) => `${of.name}, ${point.phase} ${point.step}`

/** What killing at one point came to. */
export interface Outcome {
  readonly lost: number
  readonly twice: number
  readonly askedPeople: number
  /** The worker did not come to the point. */
  readonly isMissed: boolean
  readonly faults: readonly string[]
}
export const missed: Outcome = { lost: 0, twice: 0, askedPeople: 0, isMissed: true, faults: [] }

/** What goes on side by side has no order. */
export const isConcurrent = ({ playbook }: Scenario) => /parallel|concurrency/.test(playbook)

/** Kills a worker at a point, lets another take over, and compares what there is in the end. */
export async function disturb(place: Place, undisturbed: Reference, of: Reference, point: Point): Promise<Outcome> {
  const { scenario } = of
  const where = nameOf(of, point)
  if (of.first !== null && !(await killAt(place, scenario, of.first)))
    return { ...missed, faults: [`${where}: the first worker was not killed`] }
  const faults: string[] = []
  const isMissed = !(await killAt(place, scenario, point))
  if (isMissed) faults.push('the worker did not come there')
  await playOut(place, scenario, null)
  const trace = await readTrace(place.store, place.dir)
  faults.push(...trace.faults, ...differences(undisturbed.trace, trace))
  if (!isConcurrent(scenario) && trace.order !== undisturbed.trace.order)
    faults.push(`went ${trace.order} instead of ${undisturbed.trace.order}`)
  const what = new Set([...undisturbed.done.keys(), ...place.vendor.done.keys()])
  let lost = 0
  let twice = 0
  for (const one of what) {
    // Looking twice does nothing twice.
    if (one.startsWith('look ')) continue
    const more = (place.vendor.done.get(one) ?? 0) - (undisturbed.done.get(one) ?? 0)
    if (more !== 0) faults.push(`${one} was done ${place.vendor.done.get(one) ?? 0} times`)
    if (more < 0) lost++
    if (more > 0) twice++
  }
  return {
    lost,
    twice,
    isMissed,
    askedPeople: trace.askedPeople.length,
    faults: faults.map((one) => `${where}: ${one}`),
  }
}

/** Of the names of a step that holds several rows, the one that says most. */
const telling = (steps: readonly string[]) =>
  ['write-intents', 'write-effects', 'write-steps', 'write-questions']
    .map((name) => steps.find((one) => one.startsWith(`${name} `)))
    .find((one) => one !== undefined) ??
  steps[0] ??
  ''
