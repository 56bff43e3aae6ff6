import { parseDocument } from '../../src/core/content/index.ts'
import { type Document, formatPlace } from '../../src/core/model/index.ts'

/** A document of valid YAML for a test; throws where it is not. */
export function documentOf(file: string, text: string): Document {
  const parsed = parseDocument(file, text)
  if (parsed.ok) return parsed.value
  throw new Error(
    parsed.problems
      .map((one) => `${one.place === undefined ? file : formatPlace(one.place)} ${one.message}`)
      .join('\n'),
  )
}
