import { compileRuleSet, ruleKindOf, type SigmaRule } from '../detect/index.ts'
import type { Document } from '../model/index.ts'
import type { Bundle } from './bundle.ts'
import { parseDocuments } from './document.ts'
import { kinds } from './kinds.ts'
import type { Mutant } from './mutate-playbook.ts'
import { isFixtureFailed, testRule } from './rule-fixtures.ts'
import { ruleMutationsOf } from './rule-mutations.ts'

/** What became of one broken detection rule. */
export type RuleMutant = Pick<Mutant, 'mutation' | 'safety' | 'place' | 'fate'>

/**
 * Breaks a detection rule in every known way and says whether it does not load or its fixture notices. Filters of the bundle
 * are left out. Null for a rule without a fixture that passes: nothing could notice.
 */
export function mutateRule(rule: SigmaRule, bundle: Bundle): readonly RuleMutant[] | null {
  const document = documentOf(rule, bundle)
  if (document === null || isFixtureFailed(testRule(rule, bundle))) return null
  const placeholders = bundle.files
    .filter(({ path }) => kinds.placeholders.folder.test(path))
    .flatMap(({ path, text }) => parseDocuments(path, text).flatMap((one) => (one.ok ? [one.value] : [])))
  return ruleMutationsOf(document.value).map(({ name, path, value }) => {
    const [broken] = compileRuleSet([...placeholders, { ...document, value }]).detections
    const fate = broken === undefined ? 'refused' : isFixtureFailed(testRule(broken, bundle)) ? 'caught' : 'survived'
    return { mutation: name, safety: false, place: document.place(path), fate }
  })
}

function documentOf({ id, ref }: SigmaRule, { files }: Bundle): Document | null {
  const file = files.find(({ path }) => path === ref.place?.file)
  const documents = file === undefined ? [] : parseDocuments(file.path, file.text)
  return (
    documents
      .flatMap((one) => (one.ok ? [one.value] : []))
      .find((one) => ruleKindOf(one) === 'detection' && one.value.id === id) ?? null
  )
}
