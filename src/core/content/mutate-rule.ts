import { compileCorrelationRule, compileRarityRule, compileRuleSet, ruleKindOf } from '../detect/index.ts'
import type { Document } from '../model/index.ts'
import type { Bundle } from './bundle.ts'
import { correlationMutationsOf } from './correlation-mutations.ts'
import { parseDocuments } from './document.ts'
import { kinds } from './kinds.ts'
import type { Mutant } from './mutate-playbook.ts'
import { rarityMutationsOf } from './rarity-mutations.ts'
import { type FixtureRule, fixturePath, isFixtureFailed, rulePath, testRule } from './rule-fixtures.ts'
import { type RuleMutation, ruleMutationsOf } from './rule-mutations.ts'

/** What became of one broken rule. */
export type RuleMutant = Pick<Mutant, 'mutation' | 'safety' | 'place' | 'fate'>

/**
 * Breaks a rule in every known way and says whether it does not load or its fixture notices. Filters of the bundle are left
 * out. Null for a rule whose fixture fails already, and for a detection or rarity rule without one: that is said elsewhere. A
 * correlation may have none; then nothing notices anything.
 */
export function mutateRule(rule: FixtureRule, bundle: Bundle): readonly RuleMutant[] | null {
  const document = documentOf(rule, bundle)
  if (document === null) return null
  const isUntested = rule.kind === 'correlation' && !bundle.files.some(({ path }) => path === fixturePath(rule))
  if (!isUntested && isFixtureFailed(testRule(rule, bundle))) return null
  const compile = compilerFor(rule, bundle)
  const fateOf = (value: RuleMutation['value']): RuleMutant['fate'] => {
    const broken = compile({ ...document, value })
    if (broken === null) return 'refused'
    return !isUntested && isFixtureFailed(testRule(broken, bundle)) ? 'caught' : 'survived'
  }
  return mutationsOf(rule, document).map(({ name, path, value }) => {
    return { mutation: name, safety: false, place: document.place(path), fate: fateOf(value) }
  })
}

function mutationsOf(rule: FixtureRule, { value }: Document): readonly RuleMutation[] {
  if (rule.kind === 'detection') return ruleMutationsOf(value)
  return rule.kind === 'correlation' ? correlationMutationsOf(value) : rarityMutationsOf(value, rule.kind)
}

/** Compiles a broken document as the bundle would; null when it does not load. */
function compilerFor(rule: FixtureRule, bundle: Bundle): (document: Document) => FixtureRule | null {
  if (rule.kind === 'detection') {
    const placeholders = bundle.files
      .filter(({ path }) => kinds.placeholders.folder.test(path))
      .flatMap(({ path, text }) => parseDocuments(path, text).flatMap((one) => (one.ok ? [one.value] : [])))
    return (document) => compileRuleSet([...placeholders, document]).detections[0] ?? null
  }
  if (rule.kind === 'correlation') {
    const targets = [...bundle.detection, ...bundle.sequences.filter((one) => one.id !== rule.id)]
    return (document) => {
      const checked = kinds.correlation.check(document)
      const compiled = checked.ok ? compileCorrelationRule(checked.value, targets) : checked
      return compiled.ok ? compiled.value : null
    }
  }
  return (document) => {
    const checked = kinds.rarity.check(document)
    const compiled = checked.ok ? compileRarityRule(checked.value) : checked
    return compiled.ok ? compiled.value : null
  }
}

function documentOf(rule: FixtureRule, { files }: Bundle): Document | null {
  const file = files.find(({ path }) => path === rulePath(rule))
  const documents = file === undefined ? [] : parseDocuments(file.path, file.text)
  const wanted = rule.kind === 'correlation' ? 'correlation' : 'detection'
  return (
    documents
      .flatMap((one) => (one.ok ? [one.value] : []))
      .find((one) => ruleKindOf(one) === wanted && one.value.id === rule.id) ?? null
  )
}
