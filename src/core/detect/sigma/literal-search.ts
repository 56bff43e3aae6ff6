import { Alphabet } from './alphabet.ts'
import { Automaton } from './automaton.ts'
import { EdgeSearch } from './edge-search.ts'
import { GramSearch, gram } from './gram-search.ts'
import type { Literal } from './literals.ts'
import { bytesOf, plainBytesOf, type TextBytes } from './text-bytes.ts'
import type { Entry, Hits, TextSearch } from './tree.ts'

/** Characters in lower case that one character can become at most: of all of Unicode only U+0130 becomes two. */
const longestLower = 2
/** To read longer texts as bytes costs less than asking for their characters. */
const glanced = 128

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
  /** None stands in a shorter text. */
  readonly shortest: number
  /** Says of short texts whether to look closer, if all that is looked for is. */
  private readonly glance: GramSearch | null
  private readonly any = new Any()

  /** @param marked none with an empty text */
  constructor(marked: readonly Marked[]) {
    this.shortest = Math.ceil(Math.min(...marked.map(({ literal }) => literal.text.length)) / longestLower)
    this.ascii = searchesFor(marked.filter((one) => !isBeyond(one.literal.text)))
    this.beyond = searchesFor(marked.filter((one) => isBeyond(one.literal.text)))
    const [only] = this.ascii
    const isAll = this.ascii.length === 1 && this.beyond.length === 0
    this.glance = isAll && only instanceof GramSearch ? only : null
  }

  /**
   * Whether a first look says that none stands in the text. Only a character beyond ASCII becomes longer in lower case, and
   * no text can hold a literal longer than itself.
   */
  isOut(text: string): boolean {
    const { length } = text
    return length < this.shortest || (length <= glanced && this.glance !== null && !this.glance.mayHold(text))
  }

  /** Whether any may stand in the text. */
  mayHold(text: string): boolean {
    const { any } = this
    if (this.isOut(text)) return false
    any.isFound = false
    this.scan(bytesOf(text), any)
    return any.isFound
  }

  /** Reports what may stand in the text; the same may come again. */
  scan(text: TextBytes, hits: Hits): void {
    for (const search of this.ascii) search.scan(text, hits)
    if (text.isAscii || this.beyond.length === 0) return
    const plain = plainBytesOf(text.text)
    for (const search of this.beyond) search.scan(plain, hits)
  }
}

class Any implements Hits {
  isFound = false

  hit(): void {
    this.isFound = true
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

/** With smaller steps than this looking at every character costs less. */
const leastStep = 3

function anywhere(entries: readonly Entry[], alphabet: Alphabet): readonly TextSearch[] {
  const isLong = ({ text }: Entry) => text.length >= gram + leastStep - 1
  const long = entries.filter(isLong)
  const gramSearch = long.length === 0 ? null : new GramSearch(long, alphabet)
  const rest = [...entries.filter((one) => !isLong(one)), ...(gramSearch?.left ?? [])]
  return [...(gramSearch === null ? [] : [gramSearch]), ...(rest.length === 0 ? [] : [new Automaton(rest, alphabet)])]
}
