import type { Json } from '../core/model/index.ts'
import type { NextStep } from '../core/playbook/index.ts'
import { waitKey } from './read-waits.ts'
import type { Taken, Turn } from './turn.ts'

/** Waits for a time or a signal. When it began, and so when it ends, is on record: a restart or a clock that jumps back begins nothing anew. */
export async function takeWait({ round, run }: Turn, next: Extract<NextStep, { kind: 'wait' }>): Promise<Taken> {
  const { at, writes } = round
  const { step, path } = next
  const waits = await round.waits()
  const key = waitKey(run.id, path)
  const begun = waits.until.get(key)
  const until = begun ?? at + step.forMs
  const ended = (status: 'done' | 'failed', received: boolean, payload: Json, sentence: string): Taken => {
    if (begun !== undefined) writes.waits.push({ kind: 'end', run: run.id, path })
    waits.until.delete(key)
    const output = status === 'failed' ? null : { received, payload }
    return { kind: 'ended', result: { path, status, output, sentence: `"${step.title}": ${sentence}` } }
  }
  const taken = waits.signals.findIndex((one) => one.run === run.id && one.name === step.signal)
  const [signal] = taken < 0 ? [] : waits.signals.splice(taken, 1)
  if (signal !== undefined) {
    writes.waits.push({ kind: 'take', run: run.id, path, n: signal.n })
    return ended('done', true, signal.payload, `the signal "${step.signal}" came from ${signal.actor}`)
  }
  if (at < until) {
    if (begun === undefined) writes.waits.push({ kind: 'begin', run: run.id, path, signal: step.signal, until })
    waits.until.set(key, until)
    return { kind: 'waits', wakeAt: until }
  }
  if (step.signal === null) return ended('done', false, null, 'the time has passed')
  return ended(step.onTimeout === 'fail' ? 'failed' : 'done', false, null, `the signal "${step.signal}" did not come`)
}
