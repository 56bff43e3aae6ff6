import { type Fact, hashId, isObject, type Json } from '../model/index.ts'
import { aside, type Frame, factsOf, frameOf, type Run, scopeOf, seenSteps } from './frame.ts'
import type { BranchStep, ForEachStep, ParallelStep, Step, WhileStep } from './language.ts'
import type { NextStep, StepResult } from './record.ts'
import { decide, end, record, type Standing, told, underWay } from './standing.ts'

export async function branch(run: Run, step: BranchStep, path: string, frame: Frame): Promise<Standing> {
  if (!run.results.has(`${path}?`)) {
    let chosen = -1
    let facts: readonly Fact[] = []
    for (const [index, one] of step.cases.entries()) {
      const seen = await one.when.decide(factsOf(run, frame))
      facts = seen.facts
      if (!seen.matched) continue
      chosen = index
      break
    }
    const way = chosen < 0 ? 'otherwise' : `case ${chosen + 1}`
    decide(run, path, { case: chosen }, `"${step.title}" takes ${way}: ${told(facts) || 'its condition'}`)
  }
  const output = run.results.get(`${path}?`)?.output
  const chosen = isObject(output) ? Number(output.case) : -1
  const standing = await run.walk(run, step.cases[chosen]?.steps ?? step.otherwise, frame)
  if (standing.kind === 'failed') return failIn(run, step, path, standing)
  return standing.kind === 'done' ? end(run, step, path, 'done', { case: chosen }, ' is done') : standing
}

/** A block in which something failed has failed itself, unless it goes on all the same; a jump is not held up. */
function failIn(run: Run, step: Step, path: string, inner: Extract<Standing, { kind: 'failed' }>): Standing {
  const sentence = `: failed at "${inner.step}": ${inner.sentence}`
  return end(run, step, path, 'failed', { step: inner.step, goto: inner.block }, sentence)
}

export async function parallel(run: Run, step: ParallelStep, path: string, frame: Frame): Promise<Standing> {
  if (!run.results.has(`${path}?`)) decide(run, path, {}, `"${step.title}" begins ${step.branches.length} branches`)
  const standings: Standing[] = []
  for (const one of step.branches) standings.push(await run.walk(run, one.steps, frame))
  const stopped = standings.find((one) => one.kind === 'stopped')
  const good = standings.filter((one) => one.kind === 'done').length
  const failures = standings.filter((one) => one.kind === 'failed')
  const isLost = standings.length - failures.length < step.join
  const isOver = stopped !== undefined || good >= step.join || isLost
  const next = standings.flatMap((one) => (one.kind === 'open' ? one.next : []))
  const left = isOver ? underWay(run, next) : next
  if (left.length > 0) return { kind: 'open', next: left }
  if (stopped !== undefined) return stopped
  const [failure] = failures
  if (isLost && failure !== undefined) return failIn(run, step, path, failure)
  const output = Object.fromEntries(
    step.branches.map((one, index) => [
      one.id,
      standings[index]?.kind === 'open' ? 'left' : (standings[index]?.kind ?? ''),
    ]),
  )
  return end(run, step, path, 'done', output, `: ${good} of ${step.branches.length} branches ended well`)
}

export async function forEach(run: Run, step: ForEachStep, path: string, frame: Frame): Promise<Standing> {
  const keys = new Map<string, Json>()
  // An incident that grows meanwhile makes the list longer; when everything in it has ended, it is looked at again.
  for (;;) {
    const added = itemsOf(run, step, path, frame, keys)
    if (!added.ok) return end(run, step, path, added.status, added.output, `: ${added.sentence}`)
    if (added.count === 0) break
    const next: NextStep[] = []
    let openCount = 0
    let over: Extract<Standing, { kind: 'failed' | 'stopped' }> | null = null
    for (const [at, item] of keys) {
      if (openCount >= step.concurrency) break
      const inner = frameOf(frame, step.short ? frame.prefix : `${at}/`, { [step.as]: item }, step.short ? at : null)
      // Past the end of the loop nothing is begun or decided; what is under way in the items behind it is found.
      const standing: Standing = await run.walk(over === null ? run : aside(run), step.steps, inner)
      if (standing.kind === 'open') {
        if (over === null || underWay(run, standing.next).length > 0) openCount++
        next.push(...standing.next)
      } else if (standing.kind !== 'done') over ??= standing
    }
    const left = over === null ? next : underWay(run, next)
    if (left.length > 0) return { kind: 'open', next: left }
    if (over !== null) return over.kind === 'failed' ? failIn(run, step, path, over) : over
  }
  if (keys.size === 0) return end(run, step, path, 'skipped', [], ': there is nothing to act on')
  const ends = [...keys].map(([at, item]) => itemEnd(run, step, at, item))
  const count = (status: StepResult['status']) => ends.filter((one) => one.status === status).length
  const sentence = `: ${count('done')} done, ${count('denied')} denied, ${count('failed')} failed`
  const outputs = ends.map((one) => one.output)
  return end(run, step, path, 'done', outputs, sentence)
}

type Added =
  | { readonly ok: true; readonly count: number }
  | { readonly ok: false; readonly status: 'failed'; readonly output: null; readonly sentence: string }

/** Adds the items that are on record, then, when there are none left, those that the list has now; `count` is how many came. */
function itemsOf(run: Run, step: ForEachStep, path: string, frame: Frame, keys: Map<string, Json>): Added {
  const refuse = (sentence: string): Added => ({ ok: false, status: 'failed', output: null, sentence })
  const keyOf = (item: Json) => `${path}[${hashId(JSON.stringify(item)).slice(0, 10)}]`
  const before = keys.size
  for (;;) {
    const recorded = run.results.get(`${path}?${keys.size || ''}`)?.output
    if (!Array.isArray(recorded)) break
    for (const item of recorded as readonly Json[]) keys.set(keyOf(item), item)
  }
  if (keys.size > before) return { ok: true, count: keys.size - before }
  const list = step.list.render(scopeOf(run, frame))
  if (!list.ok || !Array.isArray(list.value))
    return keys.size > 0 ? { ok: true, count: 0 } : refuse('forEach gives no list')
  const fresh = new Map((list.value as readonly Json[]).map((item) => [keyOf(item), item]))
  for (const key of keys.keys()) fresh.delete(key)
  const all = keys.size + fresh.size
  if (all > step.max) return refuse(`${all} items, at most ${step.max} are acted on; a person has to choose`)
  if (fresh.size === 0) return { ok: true, count: 0 }
  const name = `${path}?${keys.size || ''}`
  const items = [...fresh.values()]
  record(run, {
    path: name,
    status: 'decided',
    output: items,
    sentence: `"${step.title}" is for ${fresh.size} ${fresh.size === 1 ? 'item' : 'items'}`,
  })
  for (const [key, item] of fresh) keys.set(key, item)
  return { ok: true, count: fresh.size }
}

function itemEnd(run: Run, step: ForEachStep, at: string, item: Json): { status: StepResult['status']; output: Json } {
  if (step.short) {
    const ended = run.results.get(at)
    return { status: ended?.status ?? 'skipped', output: ended?.output ?? null }
  }
  const steps = seenSteps(run, [`${at}/`])
  const states = Object.values(steps).map((one) => (isObject(one) ? one.status : null))
  const status = states.includes('failed') ? 'failed' : states.includes('denied') ? 'denied' : 'done'
  return { status, output: { item, status, steps } }
}

export async function repeat(run: Run, step: WhileStep, path: string, frame: Frame): Promise<Standing> {
  for (let turn = 0; ; turn++) {
    const at = `${path}#${turn}`
    const inner = frameOf(frame, `${at}/`, {}, null)
    if (!run.results.has(`${at}?`)) {
      // What a turn decides from is what the turn before it left, seen from inside.
      const before = turn === 0 ? frame : frameOf(frame, `${path}#${turn - 1}/`, {}, null)
      const seen = turn < step.max ? await step.condition.decide(factsOf(run, before)) : { matched: false, facts: [] }
      const last = turn >= step.max ? `the bound of ${step.max} turns` : told(seen.facts) || 'its condition'
      decide(run, at, seen.matched, `"${step.title}" ${seen.matched ? 'goes on' : 'ends'}: ${last}`)
    }
    if (run.results.get(`${at}?`)?.output !== true) {
      const ended = turn >= step.max ? 'bound' : 'condition'
      return end(run, step, path, 'done', { turns: turn, ended }, `: ended after ${turn} turns`)
    }
    const standing = await run.walk(run, step.steps, inner)
    if (standing.kind === 'failed') return failIn(run, step, path, standing)
    if (standing.kind !== 'done') return standing
  }
}
