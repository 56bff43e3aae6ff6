import { classEnd } from './regex-dialect.ts'

/** An upper bound for what a length n of text costs: `factor` times n to the power of `degree`. */
interface Bound {
  readonly degree: number
  readonly factor: number
}

/** What a part of an expression can do from one place in the text. */
interface Cost {
  /** In how many ways it can end: what follows is tried for each. */
  readonly ways: Bound
  /** Steps over all of them. */
  readonly work: Bound
  /** Longest text it can match. */
  readonly length: number
}

const one: Bound = { degree: 0, factor: 1 }
const single: Cost = { ways: one, work: one, length: 1 }
const assertion: Cost = { ways: one, work: one, length: 0 }
const plus = (a: Bound, b: Bound): Bound => ({ degree: Math.max(a.degree, b.degree), factor: a.factor + b.factor })
const times = (a: Bound, b: Bound): Bound => ({ degree: a.degree + b.degree, factor: a.factor * b.factor })
const isOne = (bound: Bound) => bound.degree === 0 && bound.factor === 1

/** Steps for each character of text that a proven expression may take at most. */
const maxFactor = 500

/** Why no proof was found. */
class NoProof extends Error {}

/**
 * Proves that a backtracking engine takes at most time proportional to the text, whatever the text: gives null, or why
 * it could not be shown. It counts, from above, the ways in which each part can end and what is tried for each; a
 * repeated part that can end in several ways is exponential. Only needed for what the linear-time engine does not know:
 * look-around and back-references. The expression must be one that JavaScript's engine reads as PCRE does.
 */
export function unprovenRegex(source: string): string | null {
  try {
    const { cost, anchored } = new Proof(source).whole()
    const total = times(cost.work, { degree: anchored ? 0 : 1, factor: 1 })
    if (total.degree > 1)
      return `its time grows with the ${total.degree === 2 ? 'square' : `power ${total.degree}`} of the text`
    return total.factor > maxFactor ? `it may take ${Math.round(total.factor)} steps for each character` : null
  } catch (error) {
    if (error instanceof NoProof) return error.message
    throw error
  }
}

class Proof {
  private readonly source: string
  private at = 0
  private readonly groups: number[] = []
  private readonly names = new Map<string, number>()

  constructor(source: string) {
    this.source = source
  }

  whole(): { cost: Cost; anchored: boolean } {
    const anchors: boolean[] = []
    const cost = this.alternatives(anchors)
    if (this.at < this.source.length) throw new NoProof('a parenthesis is not opened')
    return { cost, anchored: anchors.every(Boolean) }
  }

  private alternatives(anchors?: boolean[]): Cost {
    let total: Cost | null = null
    do {
      anchors?.push(/^(\^|\\A)(?![*?{])/.test(this.source.slice(this.at, this.at + 3)))
      const next = this.sequence()
      total =
        total === null
          ? next
          : {
              ways: plus(total.ways, next.ways),
              work: plus(total.work, next.work),
              length: Math.max(total.length, next.length),
            }
    } while (this.take('|'))
    return total
  }

  private sequence(): Cost {
    let { ways, work, length } = assertion
    while (this.at < this.source.length && !'|)'.includes(this.source[this.at] as string)) {
      const item = this.repeated(this.atom())
      work = plus(work, times(ways, item.work))
      ways = times(ways, item.ways)
      length += item.length
    }
    return { ways, work, length }
  }

  private atom(): Cost {
    const character = this.source[this.at] as string
    if (character === '(') return this.group()
    if (character === '[') {
      if (this.source.slice(this.at, classEnd(this.source, this.at)).includes('[:'))
        throw new NoProof('a named class such as [:alpha:] is not known beside look-around')
      this.at = classEnd(this.source, this.at) + 1
      return single
    }
    if (character === '\\') return this.escape()
    if ('*+?{'.includes(character) && (character !== '{' || this.quantifier() !== null))
      throw new NoProof('a quantifier has nothing to repeat')
    this.at++
    return '^$'.includes(character) ? assertion : single
  }

  private escape(): Cost {
    const rest = this.source.slice(this.at, this.at + 100)
    const back = /^\\(?:([1-9]\d?)|k<(\w+)>)/.exec(rest)
    if (back !== null) {
      this.at += back[0].length
      const length = this.groups[back[1] === undefined ? (this.names.get(back[2] ?? '') ?? -1) : Number(back[1]) - 1]
      if (length === undefined) throw new NoProof('a back-reference points to no group before it')
      return {
        ways: one,
        work: Number.isFinite(length) ? { degree: 0, factor: length + 1 } : { degree: 1, factor: 1 },
        length,
      }
    }
    const known = /^\\(?:[dDwWsStrnfveh]|x[0-9a-fA-F]{2}|[^\w])/.exec(rest)
    const anchor = /^\\[bBAzZ]/.exec(rest)
    const found = known ?? anchor
    if (found === null) throw new NoProof(`"${rest.slice(0, 2)}" is not known beside look-around`)
    this.at += found[0].length
    return anchor === null ? single : assertion
  }

  private group(): Cost {
    const opening = /^\((?:\?(?:[:=!]|<[=!]|P?<(\w+)>))?/.exec(
      this.source.slice(this.at, this.at + 100),
    ) as RegExpExecArray
    const [text, name] = opening
    if (text === '(' && this.source[this.at + 1] === '?')
      throw new NoProof(`"${this.source.slice(this.at, this.at + 3)}" is not known beside look-around`)
    this.at += text.length
    const number = text === '(' || name !== undefined ? this.groups.push(Number.POSITIVE_INFINITY) - 1 : -1
    if (name !== undefined) this.names.set(name, number)
    const inner = this.alternatives()
    if (!this.take(')')) throw new NoProof('a parenthesis is not closed')
    if (number >= 0) this.groups[number] = inner.length
    // Look-around is decided once: however it came out, its inside is not tried again.
    return /[=!]$/.test(text) ? { ways: one, work: inner.work, length: 0 } : inner
  }

  private repeated(item: Cost): Cost {
    const found = this.quantifier()
    if (found === null) return item
    this.at += found.text.length
    if (this.source[this.at] === '?') this.at++
    if (this.quantifier() !== null)
      throw new NoProof('possessive and doubled quantifiers are not known beside look-around')
    const { min, max } = found
    if (isOne(item.ways)) {
      const repeats: Bound = Number.isFinite(max) ? { degree: 0, factor: max - min + 1 } : { degree: 1, factor: 1 }
      const runs: Bound = Number.isFinite(max) ? { degree: 0, factor: max + 1 } : { degree: 1, factor: 1 }
      return { ways: repeats, work: times(runs, item.work), length: item.length * max || 0 }
    }
    if (!Number.isFinite(max)) throw new NoProof('it repeats a group that can end in several ways: exponential time')
    if (max > 50) throw new NoProof('it repeats a group that can end in several ways too often')
    let [ways, work] = [one, item.work]
    for (let count = 0; count < max; count++) {
      work = plus(work, times(ways, item.work))
      ways = times(plus(one, item.ways), ways)
    }
    return { ways, work, length: item.length * max }
  }

  private quantifier(): { text: string; min: number; max: number } | null {
    const character = this.source[this.at]
    if (character === '*') return { text: '*', min: 0, max: Number.POSITIVE_INFINITY }
    if (character === '+') return { text: '+', min: 1, max: Number.POSITIVE_INFINITY }
    if (character === '?') return { text: '?', min: 0, max: 1 }
    const range = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.source.slice(this.at, this.at + 20))
    if (range === null) return null
    const min = Number(range[1])
    const max = range[2] === undefined ? min : range[3] === '' ? Number.POSITIVE_INFINITY : Number(range[3])
    return { text: range[0], min, max }
  }

  private take(character: string): boolean {
    if (this.source[this.at] !== character) return false
    this.at++
    return true
  }
}
