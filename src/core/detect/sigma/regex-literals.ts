import type { Needs } from './literals.ts'
import { classEnd } from './regex-dialect.ts'

/**
 * What a text must hold for a regular expression to match it, as far as that can be read off: of each alternative the
 * longest run of plain ASCII characters that every match passes through. Null, which is always safe, wherever it meets
 * something it does not know for certain, or that dialects of regular expressions read differently.
 */
export function literalsOfRegex(source: string): Needs {
  const reader = new Reader(source)
  const runs = reader.alternatives()
  return runs === null || !reader.isDone ? null : runs.map((text) => ({ text: text.toLowerCase(), at: 'anywhere' }))
}

/** Texts of which every match holds one; null = nothing is known. */
type Runs = readonly string[] | null

/** One character, or something that is not one and may hold runs of its own. */
type Part = { readonly character: string } | { readonly runs: Runs }

const unknown: Part = { runs: null }

class Reader {
  private readonly source: string
  private at = 0
  private failed = false

  constructor(source: string) {
    this.source = source
  }

  get isDone(): boolean {
    return !this.failed && this.at === this.source.length
  }

  /** Alternatives up to the end or a parenthesis that closes: each must have a run. */
  alternatives(): Runs {
    const all = [this.sequence()]
    while (this.take(/\|/y) !== null) all.push(this.sequence())
    return all.includes(null) ? null : all.flatMap((runs) => runs ?? [])
  }

  /** Parts one after another: the best run of those that must be there. */
  private sequence(): Runs {
    let best: Runs = null
    let run = ''
    const offer = (runs: Runs) => {
      if (lengthOf(runs) > lengthOf(best)) best = runs
    }
    while (!this.failed && this.at < this.source.length && !/[|)]/.test(this.source[this.at] as string)) {
      const part = this.part()
      const least = this.leastRepetitions()
      if ('character' in part && least !== 0) run += part.character
      if ('character' in part && least === null) continue
      offer([run])
      run = ''
      if ('runs' in part && least !== 0) offer(part.runs)
    }
    offer([run])
    return best
  }

  private part(): Part {
    const group = this.take(/\((\?:|\?<?[=!]|\?<\w+>)?/y)
    if (group !== null) {
      const runs = this.alternatives()
      if (this.take(/\)/y) === null) this.failed = true
      return /^\(\?<?[=!]/.test(group) ? unknown : { runs }
    }
    if (this.source[this.at] === '[') {
      this.at = Math.min(classEnd(this.source, this.at) + 1, this.source.length)
      return unknown
    }
    if (this.take(/\\[dDwWsSbBtnrfv]|[.^$]/y) !== null) return unknown
    const escaped = this.take(/\\[^\w\u0080-\uffff]/y)
    if (escaped !== null) return { character: escaped.slice(1) }
    const plain = this.take(/[^\\()[|*+?{\u0080-\uffff]/y)
    if (plain !== null) return { character: plain }
    this.failed = true
    return unknown
  }

  /** How often the part before must stand at least; null when it stands once. */
  private leastRepetitions(): number | null {
    const quantifier = this.take(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y)
    if (quantifier === null) return null
    if (quantifier.startsWith('{')) return Number.parseInt(quantifier.slice(1), 10)
    return quantifier.startsWith('+') ? 1 : 0
  }

  private take(pattern: RegExp): string | null {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.source)?.[0] ?? null
    if (found !== null) this.at += found.length
    return found
  }
}

const lengthOf = (runs: Runs) => (runs === null ? 0 : Math.min(...runs.map((run) => run.length)))
