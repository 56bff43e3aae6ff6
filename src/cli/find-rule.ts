import { existsSync } from 'node:fs'
import { type Bundle, parseDocuments } from '../core/content/index.ts'
import { type CorrelationRule, compileRuleSet, type Placeholders, type SigmaRule } from '../core/detect/index.ts'
import type { Document } from '../core/model/index.ts'
import { Failure } from './failure.ts'
import { type ChosenRules, chosenRules, type RuleOptions } from './load-rules.ts'

/** A rule with the text it was compiled from, and the rules beside it. */
export interface FoundRule extends ChosenRules {
  readonly rule: SigmaRule | CorrelationRule
  readonly document: Document
  readonly placeholders: Placeholders
}

const maxListed = 8

/**
 * The one rule that is meant: an id, a name, a title, a file of rules, or part of a path. Throws a {@link Failure} when
 * none or several are.
 */
export async function findRule(wanted: string, options: RuleOptions, bundle: Bundle): Promise<FoundRule> {
  const { rules } = options
  const own = rules === undefined ? among(wanted, bundle.detection, bundle.sequences) : []
  const isFile = own.length === 0 && /\.ya?ml$/i.test(wanted) && existsSync(wanted)
  const chosen = await chosenRules(isFile ? { ...options, rules: [...(rules ?? []), wanted] } : options, bundle)
  const { detections, correlations, loaded } = chosen
  const found = own.length > 0 ? own : among(wanted, detections, correlations)
  const [rule, ...more] = found
  if (rule === undefined)
    throw new Failure(`there is no rule "${wanted}"`, {
      hint: 'name its id, its name, or part of its path',
      exitCode: 2,
    })
  if (more.length > 0)
    throw new Failure(`"${wanted}" names ${found.length} rules`, {
      hint: `take one of ${found
        .slice(0, maxListed)
        .map((one) => one.id)
        .join(', ')}${found.length > maxListed ? ', …' : ''}`,
      exitCode: 2,
    })
  const file = rule.ref.place?.file ?? ''
  const documents = loaded?.results.map((one) => one.document) ?? documentsOf(bundle, file)
  const document = documents.find((one) => one.file === file && (one.value.id === rule.id || rule.id === file))
  if (document === undefined) throw new Failure(`the text of the rule ${rule.id} cannot be found in ${file}`)
  const { placeholders } = loaded ?? compileRuleSet(documentsOf(bundle, 'rules/placeholders.yaml'))
  return { ...chosen, rule, document, placeholders }
}

/** Rules that are exactly named so; if there are none, those whose path has the words in it. */
function among(wanted: string, detections: readonly SigmaRule[], correlations: readonly CorrelationRule[]) {
  const all: readonly (SigmaRule | CorrelationRule)[] = [...detections, ...correlations]
  const exactly = all.filter((one) => one.id === wanted || one.name === wanted || one.title === wanted)
  if (exactly.length > 0) return exactly
  const file = (one: SigmaRule | CorrelationRule) => one.ref.place?.file ?? ''
  const named = all.filter(
    (one) =>
      file(one)
        .replace(/^.*\//, '')
        .replace(/\.ya?ml$/i, '') === wanted,
  )
  return named.length > 0 ? named : all.filter((one) => file(one).includes(wanted))
}

function documentsOf(bundle: Bundle, file: string): readonly Document[] {
  const source = bundle.files.find((one) => one.path === file)
  if (source === undefined) return []
  return parseDocuments(source.path, source.text).flatMap((one) => (one.ok ? [one.value] : []))
}
