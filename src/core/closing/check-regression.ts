import { type Bundle, parseDocument, type SourceFile } from '../content/index.ts'
import { type Json, type Problem, problem, tenantId } from '../model/index.ts'
import { rulesOn } from './rules-on.ts'

const tenant = tenantId('main')

/**
 * Puts the recording of a regression through a bundle; empty = every rule that `expected.yaml` names fires still. A problem
 * has the place of the rule's name.
 */
export async function checkRegression(
  bundle: Bundle,
  expected: SourceFile,
  recording: string,
): Promise<readonly Problem[]> {
  const parsed = parseDocument(expected.path, expected.text)
  if (!parsed.ok) return parsed.problems
  const { value, place } = parsed.value
  const rules = Array.isArray(value.rules) ? (value.rules as readonly Json[]) : []
  if (rules.length === 0 || rules.some((one) => typeof one !== 'string'))
    return [problem('regression/form', '"rules" lists what must fire', place(['rules']))]
  const fired = await rulesOn(bundle, tenant, recording)
  return rules.flatMap((rule, index) =>
    fired.has(String(rule))
      ? []
      : [
          problem(
            'regression/lost',
            `${String(rule)} no longer fires on the events of incident ${String(value.incident)}`,
            place(['rules', index]),
            'a confirmed incident would be missed: mend the rule, or remove the line with a reason in the commit',
          ),
        ],
  )
}
