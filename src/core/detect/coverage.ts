import { type AttackTechnique, attackCatalog, attackVersion, tacticNames } from './attack-catalog.ts'
import type { RuleHead } from './sigma/rule.ts'

/** A rule and whether its positive fixtures fire. */
export interface CoveringRule {
  readonly rule: RuleHead
  readonly exercised: boolean
}

/** A technique with the rules that declare it. */
export interface CoveredTechnique extends AttackTechnique {
  readonly declaredBy: readonly RuleHead[]
  /** Those of them whose positive fixtures fire. */
  readonly exercisedBy: readonly RuleHead[]
}

/** A tactic with the state of its techniques; a technique of several tactics counts in each. */
export interface CoveredTactic {
  readonly name: string
  readonly title: string
  readonly techniques: number
  readonly declared: number
  readonly exercised: number
  /** Techniques of which neither they nor a sub-technique has a rule; sub-techniques are not listed. */
  readonly gaps: readonly AttackTechnique[]
}

/** What rules cover of ATT&CK. Sub-techniques count as techniques of their own. */
export interface Coverage {
  readonly attack: string
  readonly techniques: number
  /** Techniques with at least one rule. */
  readonly declared: readonly CoveredTechnique[]
  readonly exercisedCount: number
  readonly tactics: readonly CoveredTactic[]
  /** Ids in rules that this release does not have. */
  readonly unknown: readonly { readonly technique: string; readonly rules: readonly RuleHead[] }[]
  readonly rulesWithoutTechnique: readonly RuleHead[]
}

/**
 * The ATT&CK coverage of rules: declared, because a rule's tags say so, and exercised, because records on which it fires
 * are kept with it. Neither says how well a technique is covered, only that something looks for it.
 */
export function coverageOf(rules: readonly CoveringRule[]): Coverage {
  const catalog = attackCatalog()
  const byTechnique = new Map<string, CoveringRule[]>()
  for (const one of rules) {
    for (const technique of one.rule.techniques) {
      const list = byTechnique.get(technique)
      if (list === undefined) byTechnique.set(technique, [one])
      else list.push(one)
    }
  }
  const declared: CoveredTechnique[] = []
  for (const technique of catalog.values()) {
    const found = byTechnique.get(technique.id)
    if (found === undefined) continue
    const exercisedBy = found.filter((one) => one.exercised).map((one) => one.rule)
    declared.push({ ...technique, declaredBy: found.map((one) => one.rule), exercisedBy })
  }
  const touched = new Set(declared.flatMap(({ id }) => [id, parentOf(id)]))
  return {
    attack: attackVersion,
    techniques: catalog.size,
    declared,
    exercisedCount: declared.filter(isExercised).length,
    tactics: tacticNames.map(({ name, title }) => tacticOf(name, title, declared, touched)),
    unknown: [...byTechnique]
      .filter(([id]) => !catalog.has(id))
      .map(([technique, found]) => ({ technique, rules: found.map((one) => one.rule) }))
      .sort((a, b) => (a.technique < b.technique ? -1 : 1)),
    rulesWithoutTechnique: rules.map((one) => one.rule).filter((rule) => rule.techniques.length === 0),
  }
}

function tacticOf(
  name: string,
  title: string,
  declared: readonly CoveredTechnique[],
  touched: ReadonlySet<string>,
): CoveredTactic {
  const all = [...attackCatalog().values()].filter((one) => one.tactics.includes(name))
  const covered = declared.filter((one) => one.tactics.includes(name))
  return {
    name,
    title,
    techniques: all.length,
    declared: covered.length,
    exercised: covered.filter(isExercised).length,
    gaps: all.filter(({ id }) => !id.includes('.') && !touched.has(id)),
  }
}

const isExercised = (one: CoveredTechnique) => one.exercisedBy.length > 0
const parentOf = (id: string) => id.split('.')[0] ?? id
