import type { Fact } from '../../model/index.ts'
import { type Atom, holding, type Search } from './search.ts'
import { View } from './view.ts'

const maxFacts = 12
const maxSeen = 200
const maxTried = 200

/** The parts of a search that hold, and what they saw. */
export function factsOf(search: Search, view: View): Fact[] {
  const seen = new Set<string>()
  const facts: Fact[] = []
  for (const atom of holding(search, view)) {
    if (seen.has(atom.label) || facts.length >= maxFacts) continue
    seen.add(atom.label)
    facts.push({ name: atom.label, value: seenValue(atom, view) })
  }
  return facts
}

/** The value that made the atom hold: of a list, the first element that does on its own. */
function seenValue(atom: Atom, view: View): Fact['value'] {
  if (atom.field === null) return null
  const { values } = view.field(atom.field)
  const field = atom.field
  const holder =
    values.length > 1 ? values.slice(0, maxTried).find((one) => atom.test(new View({ [field]: one }))) : null
  const value = holder ?? values[0]
  return typeof value === 'string' ? value.slice(0, maxSeen) : (value ?? null)
}
