import { Alphabet, asciiLimit, plainLimit, plainOf } from './alphabet.ts'
import { Automaton } from './automaton.ts'
import { EdgeSearch } from './edge-search.ts'
import type { Literal } from './literals.ts'
import { PairSearch } from './pair-search.ts'
import type { Hits, TextSearch } from './tree.ts'

/** Characters in lower case that one character can become at most: of all of Unicode only U+0130 becomes two. */
const longestLower = 2

/** A literal and what to report where it is found. */
export interface Marked {
  readonly literal: Literal
  readonly mark: number
}

/**
 * Finds literals in texts as far as an {@link Alphabet} tells them apart: it may report one that is not there, and never
 * leaves out one that is.
 */
export class LiteralSearch {
  private readonly ascii: readonly TextSearch[]
  /** For literals that only a text beyond ASCII can hold: they would make the tables of the others large. */
  private readonly beyond: readonly TextSearch[]

  private readonly shortest: number

  /** @param marked none with an empty text */
  constructor(marked: readonly Marked[]) {
    this.shortest = Math.min(...marked.map(({ literal }) => literal.text.length))
    this.ascii = searchesFor(marked.filter((one) => !isBeyond(one.literal.text)))
    this.beyond = searchesFor(marked.filter((one) => isBeyond(one.literal.text)))
  }

  scan(text: string, hits: Hits): void {
    // Only a character beyond ASCII becomes longer in lower case, and no text can hold a literal longer than itself.
    if (text.length * longestLower < this.shortest) return
    for (const search of this.ascii)
      if (!search.scan(text, asciiLimit, hits)) search.scan(plainOf(text), plainLimit, hits)
    if (this.beyond.length === 0 || !isBeyond(text)) return
    const plain = plainOf(text)
    for (const search of this.beyond) search.scan(plain, plainLimit, hits)
  }
}

const isBeyond = (text: string) => /[^\0-\x7f]/.test(text)

function searchesFor(marked: readonly Marked[]): readonly TextSearch[] {
  const alphabet = new Alphabet(marked.map(({ literal }) => literal.text))
  return [...Map.groupBy(marked, ({ literal }) => literal.at)].map(([place, list]) => {
    const alike = Map.groupBy(list, ({ literal }) => alphabet.spell(literal.text).join())
    const entries = [...alike.values()].map((group) => ({
      text: alphabet.spell(group[0]?.literal.text ?? ''),
      marks: [...new Set(group.map(({ mark }) => mark))],
    }))
    if (place !== 'anywhere') return new EdgeSearch(entries, alphabet, place)
    const pairs = alphabet.isAscii ? PairSearch.of(entries, alphabet) : null
    return pairs ?? new Automaton(entries, alphabet)
  })
}
