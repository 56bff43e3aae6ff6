import { Alphabet } from './alphabet.ts'
import { Automaton } from './automaton.ts'
import { EdgeSearch } from './edge-search.ts'
import { GramSearch, gram } from './gram-search.ts'
import type { Literal } from './literals.ts'
import type { TextBytes } from './text-bytes.ts'
import type { Entry, Hits, TextSearch } from './tree.ts'

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
  private readonly found = new Found()

  /** @param marked none with an empty text */
  constructor(marked: readonly Marked[]) {
    this.shortest = Math.ceil(Math.min(...marked.map(({ literal }) => literal.text.length)) / longestLower)
    this.ascii = searchesFor(marked.filter((one) => !isBeyond(one.literal.text)))
    this.beyond = searchesFor(marked.filter((one) => isBeyond(one.literal.text)))
  }

  /** Only a character beyond ASCII becomes longer in lower case, and no text can hold a literal longer than itself. */
  isTooShort(text: string): boolean {
    return text.length < this.shortest
  }

  /** The marks of what may stand in the text, each once. */
  find(text: TextBytes): readonly number[] {
    const { found } = this
    for (const search of this.ascii) search.scan(text, found)
    if (!text.isAscii) for (const search of this.beyond) search.scan(text, found)
    return found.take()
  }
}

const nothing: readonly number[] = []

/** Gathers marks, each once. */
class Found implements Hits {
  private readonly marks = new Set<number>()

  hit(marks: readonly number[]): void {
    for (const mark of marks) this.marks.add(mark)
  }

  take(): readonly number[] {
    if (this.marks.size === 0) return nothing
    const marks = [...this.marks]
    this.marks.clear()
    return marks
  }
}

const isBeyond = (text: string) => /[^\0-\x7f]/.test(text)

function searchesFor(marked: readonly Marked[]): readonly TextSearch[] {
  const alphabet = new Alphabet(marked.map(({ literal }) => literal.text))
  return [...Map.groupBy(marked, ({ literal }) => literal.at)].flatMap(([place, list]) => {
    const alike = Map.groupBy(list, ({ literal }) => alphabet.spell(literal.text).join())
    const entries = [...alike.values()].map((group) => ({
      text: alphabet.spell(group[0]?.literal.text ?? ''),
      marks: [...new Set(group.map(({ mark }) => mark))],
    }))
    return place === 'anywhere' ? anywhere(entries, alphabet) : [new EdgeSearch(entries, alphabet, place)]
  })
}

function anywhere(entries: readonly Entry[], alphabet: Alphabet): readonly TextSearch[] {
  const long = entries.filter(({ text }) => text.length >= gram)
  const search = long.length === 0 ? null : new GramSearch(long, alphabet)
  const rest = [...entries.filter(({ text }) => text.length < gram), ...(search?.left ?? [])]
  return [...(search === null ? [] : [search]), ...(rest.length === 0 ? [] : [new Automaton(rest, alphabet)])]
}
