import type { Literal } from './literals.ts'

const isDash = (code: number) => code === 45 || code === 47 || (code >= 0x2013 && code <= 0x2015)

/**
 * A number below 256 for a character in lower case: ASCII stays itself, so that no other character is taken for it;
 * others share the upper half, and dashes and slashes are one.
 */
const placeOf = (code: number) => (isDash(code) ? 45 : code < 128 ? code : 128 + (code & 127))

/**
 * Finds many literals in one pass over a text (Aho and Corasick 1975, all transitions in one table). Case is ignored,
 * any dash or slash stands for any other, and so do some characters beyond ASCII: it may report a literal that is not
 * there, and never leaves out one that is.
 */
export class Automaton {
  /** By the place of a character its column in `next`; 0 = it stands in no literal. */
  private readonly columns = new Uint8Array(256)
  /** The next state by state plus column. States are multiples of the number of columns; inverted where literals end. */
  private readonly next: Int32Array
  private readonly columnCount: number
  /** By state number: the place in `groups` of the literals that end there, or -1. */
  private readonly ends: Int32Array
  /** By state number: the longest shorter state in which literals end too, or 0. */
  private readonly shorter: Int32Array
  private readonly groups: Group[] = []

  /** @param literals none of them empty */
  constructor(literals: readonly Literal[]) {
    this.columnCount = this.chooseColumns(literals)
    const room = 1 + literals.reduce((sum, { text }) => sum + text.length, 0)
    const tree = { next: new Int32Array(room * this.columnCount), ends: new Int32Array(room).fill(-1), states: 1 }
    for (const [index, literal] of literals.entries()) this.add(literal, index, tree)
    this.next = tree.next.slice(0, tree.states * this.columnCount)
    this.ends = tree.ends.slice(0, tree.states)
    this.shorter = new Int32Array(tree.states)
    this.link()
  }

  /** Adds to `found` the numbers of the literals that stand in the text, some perhaps several times. */
  scan(text: string, found: number[]): void {
    const { columns, next } = this
    const before = found.length
    let state = 0
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code > 127) {
        // Beyond ASCII lower case is more than another letter in the same place.
        found.length = before
        this.scanFolded(text.toLowerCase(), found)
        return
      }
      state = next[state + (columns[code] as number)] as number
      if (state < 0) {
        state = ~state
        this.report(state, at + 1, text.length, found)
      }
    }
  }

  private scanFolded(text: string, found: number[]): void {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      state = this.next[state + (this.columns[placeOf(text.charCodeAt(at))] as number)] as number
      if (state < 0) {
        state = ~state
        this.report(state, at + 1, text.length, found)
      }
    }
  }

  private report(state: number, end: number, length: number, found: number[]): void {
    for (let at = state / this.columnCount; at !== 0; at = this.shorter[at] as number) {
      const group = this.groups[this.ends[at] as number]
      if (group === undefined) continue
      const [isStart, isEnd] = [end === group.length, end === length]
      for (const index of group.anywhere) found.push(index)
      if (isStart) for (const index of group.start) found.push(index)
      if (isEnd) for (const index of group.end) found.push(index)
      if (isStart && isEnd) for (const index of group.whole) found.push(index)
    }
  }

  private chooseColumns(literals: readonly Literal[]): number {
    const used = new Set(literals.flatMap(({ text }) => Array.from(text, (_, at) => placeAt(text, at))))
    const order = [...used].sort((a, b) => a - b)
    for (let code = 0; code < 256; code++) {
      const lower = code < 128 ? String.fromCharCode(code).toLowerCase().charCodeAt(0) : code
      this.columns[code] = order.indexOf(isDash(lower) ? 45 : lower) + 1
    }
    return order.length + 1
  }

  private add({ text, at: anchor }: Literal, index: number, tree: Tree): void {
    let state = 0
    for (let at = 0; at < text.length; at++) {
      const edge = state * this.columnCount + (this.columns[placeAt(text, at)] as number)
      if (tree.next[edge] === 0) tree.next[edge] = tree.states++
      state = tree.next[edge] as number
    }
    if (tree.ends[state] === -1) {
      tree.ends[state] = this.groups.length
      this.groups.push({ length: text.length, anywhere: [], start: [], end: [], whole: [] })
    }
    this.groups[tree.ends[state] as number]?.[anchor].push(index)
  }

  /** Turns the tree of texts into the table: where a state has no way on, that of its longest ending that has one. */
  private link(): void {
    const { next, ends, shorter, columnCount } = this
    const states = ends.length
    const fallback = new Int32Array(states)
    const queue = new Int32Array(states)
    let filled = 1
    for (let taken = 0; taken < filled; taken++) {
      const state = queue[taken] as number
      const below = (fallback[state] as number) * columnCount
      for (let column = 0; column < columnCount; column++) {
        const edge = state * columnCount + column
        const child = next[edge] as number
        if (child === 0) {
          if (state !== 0) next[edge] = next[below + column] as number
          continue
        }
        const ending = state === 0 ? 0 : numberOf(next[below + column] as number, columnCount)
        fallback[child] = ending
        shorter[child] = ends[ending] === -1 ? (shorter[ending] as number) : ending
        queue[filled++] = child
        const reports = ends[child] !== -1 || shorter[child] !== 0
        next[edge] = reports ? ~(child * columnCount) : child * columnCount
      }
    }
  }
}

const placeAt = (text: string, at: number) => placeOf(text.charCodeAt(at))
const numberOf = (state: number, columnCount: number) => (state < 0 ? ~state : state) / columnCount

interface Tree {
  readonly next: Int32Array
  readonly ends: Int32Array
  states: number
}

/** The literals of one text, by where it has to stand. */
interface Group extends Readonly<Record<Literal['at'], number[]>> {
  readonly length: number
}
