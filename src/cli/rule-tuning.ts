import { relative, resolve } from 'node:path'
import type { Bundle } from '../core/content/index.ts'
import { createTuning, type RuleHead, type Tuning } from '../core/detect/index.ts'
import type { ChosenRules } from './load-rules.ts'

/**
 * The overlays of a bundle over the rules that a command works with. Rules from elsewhere are tuned by their ids, and by
 * pack or path when their files lie in the repository `content`, however its folder was written.
 */
export function tuningOf(bundle: Bundle, { detections, correlations, loaded }: ChosenRules, content: string): Tuning {
  if (loaded === null) return bundle.tuning
  const rules: readonly RuleHead[] = [...detections, ...correlations]
  return createTuning(
    bundle.overlays,
    rules.map((rule) => placedIn(rule, content)),
  )
}

/** No overlays: every match as the rule has it. */
export const untuned: Tuning = { tune: (match) => ({ kind: 'kept', match, decision: null }) }

function placedIn(rule: RuleHead, content: string): RuleHead {
  const { place } = rule.ref
  if (place === undefined) return rule
  const file = relative(resolve(content), resolve(place.file)).replaceAll('\\', '/')
  return { ...rule, ref: { ...rule.ref, place: { ...place, file } } }
}
