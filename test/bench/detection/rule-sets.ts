import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from '../../../src/core/content/index.ts'
import {
  type CorrelationRule,
  compileSigmaRule,
  createMatcher,
  type Matcher,
  type SigmaRule,
} from '../../../src/core/detect/index.ts'
import { ownBundle } from '../../support/content.ts'
import { documentOf } from '../../support/document.ts'

/** Where recordings and other people's rules lie; nothing of them is in the project. */
export const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'

/** Whose rule it is. Rules do not influence each other, so that one pass answers for each set alone and for both. */
export type Owner = 'ours' | 'sigmahq'

/** A rule with its owner. */
export interface Alerting {
  readonly owner: Owner
  readonly rule: SigmaRule | CorrelationRule
}

/** Our content, and SigmaHQ's rules beside it. */
export interface RuleSets {
  readonly bundle: Bundle
  readonly sigmaHq: Matcher
  /** Every rule that can raise an alert, with its owner: detections that no correlation keeps silent, and correlations. */
  readonly alerting: ReadonlyMap<string, Alerting>
}

/** Compiles both sets; SigmaHQ's is empty where the shared data is absent. Rules that do not load are left out, counted. */
export async function loadRuleSets(): Promise<RuleSets & { readonly refused: number }> {
  const bundle = await ownBundle()
  const { rules, refused } = sigmaHq()
  const { silent } = bundle.correlator
  const alerting = new Map<string, Alerting>([
    ...rules.map((rule) => [rule.id, { owner: 'sigmahq', rule }] as const),
    ...[...bundle.detection, ...bundle.sequences]
      .filter((rule) => !silent.has(rule.id))
      .map((rule) => [rule.id, { owner: 'ours', rule }] as const),
  ])
  return { bundle, sigmaHq: createMatcher(rules, bundle.mappings), alerting, refused }
}

function sigmaHq(): { readonly rules: readonly SigmaRule[]; readonly refused: number } {
  const root = join(data, 'sigma-rules')
  if (!existsSync(root)) return { rules: [], refused: 0 }
  const paths = (readdirSync(root, { recursive: true }) as string[]).filter(
    (path) => path.startsWith('rules') && path.endsWith('.yml'),
  )
  const compiled = paths.map((path) => compileSigmaRule(documentOf(path, readFileSync(join(root, path), 'utf8'))))
  const rules = compiled.flatMap((one) => (one.ok ? [one.value] : []))
  return { rules, refused: compiled.length - rules.length }
}
