import type { LiteralSearch } from './literal-search.ts'
import type { Atom } from './search.ts'
import { bytesOf } from './text-bytes.ts'
import type { Hits } from './tree.ts'
import type { Known, TextMemory } from './value-memory.ts'
import type { FieldPath } from './view.ts'

/** What an index looks for in one field of events, and what it knows of the texts there. */
export class FieldWatch {
  readonly path: FieldPath
  /** What is known of the text that stood there last as the only one, if that is kept. */
  known: Known | null = null
  /** The round of the event in which it did. */
  round = 0
  /** null = nothing is looked for. */
  private readonly literals: LiteralSearch | null
  private readonly memory: TextMemory

  /** @param literals of the field, and keywords */
  constructor(path: FieldPath, literals: LiteralSearch | null, memory: TextMemory) {
    this.path = path
    this.literals = literals
    this.memory = memory
  }

  /** Reports all that stands in a text, which is the only one of the field in that round. */
  read(text: string, round: number, hits: Hits): void {
    // Events of one program come one after another, and comparing costs less than looking up.
    let { known } = this
    if (known === null || known.text !== text) known = this.memory.find(text)
    this.known = known
    this.round = round
    if (known !== null) {
      if (known.marks.length > 0) hits.hit(known.marks)
    } else if (this.memory.admits(text)) {
      const found = new Found()
      this.search(text, found)
      const marks = [...found.marks]
      this.known = this.memory.keep(text, marks)
      hits.hit(marks)
    } else this.search(text, hits)
  }

  /** Keeps whether the text of which that is known satisfies an atom. */
  keep(known: Known, atom: Atom, holds: boolean): boolean {
    return this.memory.answer(known, atom, holds)
  }

  /** The same, remembering nothing. */
  search(text: string, hits: Hits): void {
    const { literals } = this
    if (literals !== null && !literals.isOut(text)) literals.scan(bytesOf(text), hits)
  }
}

/** Gathers marks, each once. */
class Found implements Hits {
  readonly marks = new Set<number>()

  hit(marks: readonly number[]): void {
    for (const mark of marks) this.marks.add(mark)
  }
}
