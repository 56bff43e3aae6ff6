import { canonicalJson, sha256 } from '../core/model/index.ts'
import type { NextStep } from '../core/playbook/index.ts'
import { askIn, type Question, questionId } from './ask-approval.ts'
import type { Taken, Turn } from './turn.ts'

/** Asks people to choose, or takes what they chose. The question is bound to the content, the run and the exact words. */
export async function takeAsk(turn: Turn, next: Extract<NextStep, { kind: 'ask' }>): Promise<Taken> {
  const { round, run } = turn
  const { at } = round
  const { step, path } = next
  const inputs = { question: next.question, options: step.options }
  const { bundle, commit, id } = run
  const digest = sha256(canonicalJson({ bundle, commit, run: id, step: path, ...inputs }))
  const question: Question = {
    kind: 'question',
    run: id,
    incident: turn.incident.number,
    path,
    digest,
    action: 'answer',
    target: next.question,
    inputs,
    why: step.title,
    author: turn.author,
    askedAt: at,
    options: step.options,
  }
  const asked = (await round.approvals()).get(questionId(question))
  if (asked === undefined) {
    await askIn(round, question, { ...step.to, expiresMs: step.expiresMs })
    return { kind: 'waits', wakeAt: at + step.expiresMs }
  }
  if (asked.status === 'pending') return { kind: 'waits', wakeAt: asked.expiresAt }
  const ended = (status: 'done' | 'failed', answer: string | null, by: string, sentence: string): Taken => ({
    kind: 'ended',
    result: { path, status, output: answer === null ? null : { answer, by }, sentence },
  })
  if (asked.status === 'approved' && asked.chosen !== null) {
    const { chosen } = asked
    const by = asked.answers.filter((one) => one.answer === chosen).map((one) => one.actor)
    return ended('done', chosen, by.join(', '), `"${step.title}": ${by.join(' and ')} chose ${chosen}`)
  }
  if (step.onExpiry === null) return ended('failed', null, '', `"${step.title}": nobody answered in time`)
  return ended('done', step.onExpiry, 'nobody', `"${step.title}": nobody answered in time, so it is ${step.onExpiry}`)
}
