import type { Json } from '../core/model/index.ts'
import type { NextStep } from '../core/playbook/index.ts'
import type { Taken, Turn } from './turn.ts'

/** Waits for a time or a signal. When it began, and so when it ends, is on record: a restart or a clock that jumps back begins nothing anew. */
export async function takeWait(turn: Turn, next: Extract<NextStep, { kind: 'wait' }>): Promise<Taken> {
  const { tx, run, at } = turn
  const { step, path } = next
  const key = [tx.tenant, run.id, path]
  await tx.query(
    'insert into run_wait (tenant, run, path, signal, until) values ($1, $2, $3, $4, $5) on conflict do nothing',
    [...key, step.signal, at + step.forMs],
  )
  const ended = async (status: 'done' | 'failed', received: boolean, payload: Json, sentence: string) => {
    await tx.query('delete from run_wait where tenant = $1 and run = $2 and path = $3', key)
    const output = status === 'failed' ? null : { received, payload }
    return { kind: 'ended', result: { path, status, output, sentence: `"${step.title}": ${sentence}` } } as const
  }
  if (step.signal !== null) {
    const taken = await tx.query<{ payload: Json; actor: string }>(
      `update run_signal set taken_by = $3 where tenant = $1 and run = $2 and n = (
        select min(n) from run_signal where tenant = $1 and run = $2 and name = $4 and taken_by is null) returning payload, actor`,
      [...key, step.signal],
    )
    const [signal] = taken.rows
    if (signal !== undefined)
      return ended('done', true, signal.payload, `the signal "${step.signal}" came from ${signal.actor}`)
  }
  const found = await tx.query<{ until: number }>(
    'select until from run_wait where tenant = $1 and run = $2 and path = $3',
    key,
  )
  const until = found.rows[0]?.until ?? at
  if (at < until) return { kind: 'waits', wakeAt: until }
  if (step.signal === null) return ended('done', false, null, 'the time has passed')
  return ended(step.onTimeout === 'fail' ? 'failed' : 'done', false, null, `the signal "${step.signal}" did not come`)
}
