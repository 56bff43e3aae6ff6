import type { Patience } from './backoff.ts'

/**
 * What a call came to. `done` and `failed` are certain. `later`: certainly not done, may be tried again. `unclear`: nobody
 * knows. `absent`: a confirming request said that it was not done.
 */
export type Verdict = 'done' | 'failed' | 'later' | 'unclear' | 'absent'

/** A call as it is on record; `verdict` is null when whoever made it died before its end. */
export interface PastCall {
  readonly kind: 'call' | 'confirm'
  readonly verdict: Verdict | null
}

/** What is known of an effect between its intent and its outcome. */
export interface Unsettled {
  readonly mode: 'simulate' | 'live'
  readonly calls: readonly PastCall[]
  readonly patience: Patience
  /** Whether the vendor takes the same twice as once. */
  readonly isRepeatable: boolean
  readonly canConfirm: boolean
}

/** What an effect without outcome needs: a call, a look whether it was done, a person who says so, or to be given up. */
export type NextCall =
  | { readonly kind: 'call' }
  | { readonly kind: 'confirm' }
  | { readonly kind: 'person' }
  | { readonly kind: 'give up'; readonly why: string }

const maxConfirms = 5
const maxPostponed = 20

/**
 * What comes next for an effect that was intended and has no outcome. Where nobody knows whether it was done, the vendor
 * is asked; it is repeated only where repeating is safe; otherwise a person decides.
 */
export function nextCall(effect: Unsettled): NextCall {
  const last = effect.calls.at(-1)
  if (effect.mode === 'simulate' || last === undefined) return { kind: 'call' }
  const of = (verdict: Verdict) => effect.calls.filter((one) => one.kind === 'call' && one.verdict === verdict).length
  const isSpent = of('unclear') >= effect.patience.attempts
  const again = (): NextCall => {
    if (!effect.isRepeatable) return { kind: 'person' }
    return isSpent ? { kind: 'give up', why: `no clear answer to ${of('unclear')} calls` } : { kind: 'call' }
  }
  if (last.kind === 'call' && last.verdict === 'later')
    return of('later') < Math.max(effect.patience.attempts, maxPostponed)
      ? { kind: 'call' }
      : { kind: 'give up', why: `${of('later')} calls were refused for now` }
  if (last.kind === 'call') return effect.canConfirm ? { kind: 'confirm' } : again()
  if (last.verdict === 'absent') return again()
  const confirms = effect.calls.filter((one) => one.kind === 'confirm').length
  return confirms < maxConfirms ? { kind: 'confirm' } : again()
}
