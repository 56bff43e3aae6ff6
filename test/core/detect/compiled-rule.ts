import { compileSigmaRule, type SigmaRule } from '../../../src/core/detect/index.ts'
import type { JsonObject, LogSource } from '../../../src/core/model/index.ts'
import { documentOf } from '../../support/document.ts'

/** A rule with one selection on a log source; throws where it does not compile. */
export function compiledRule(logsource: LogSource, selection: JsonObject, id = 'r'): SigmaRule {
  const detection = { selection, condition: 'selection' }
  const compiled = compileSigmaRule(documentOf('x.yaml', JSON.stringify({ title: id, id, logsource, detection })))
  if (!compiled.ok) throw new Error(compiled.problems[0]?.message)
  return compiled.value
}
