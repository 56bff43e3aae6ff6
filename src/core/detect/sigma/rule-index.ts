import { type Json, own } from '../../model/index.ts'
import { plainOf } from './alphabet.ts'
import { coversOf, pricesOf } from './cover.ts'
import { FieldWatch } from './field-watch.ts'
import { LiteralSearch, type Marked } from './literal-search.ts'
import type { PlannedRule } from './plan.ts'
import { type Atom, fieldsOf } from './search.ts'
import type { Hits } from './tree.ts'
import type { ValueMemory } from './value-memory.ts'
import { type Aliases, eachText, type Field, type Judge, pathOf, type View } from './view.ts'

const none: readonly PlannedRule[] = []
/** Bits of a mark: which of a rule's covers was found; the rest is the number of the rule. */
const coverBits = 2
const maxRounds = 2 ** 26

/** Whether a number, true or false can hold the text, which is one of an {@link Alphabet}. */
const isInScalar = (text: string) =>
  /^[-+.e\d]+$/.test(text) || ['true', 'false', '-infinity'].some((one) => one.includes(text))

/** Tells which of many rules may hold for an event, from the literals they need. */
export class RuleIndex implements Judge, Hits {
  /** Rules that can hold without any literal, and so are looked at for every event. */
  readonly always: readonly number[]
  private readonly rules: readonly PlannedRule[]
  /** What is searched for in all texts of an event. */
  private readonly keywords: LiteralSearch | null
  /** Fields that rules read. */
  private readonly fields = new Map<string, FieldWatch>()
  /** Fields that may stand elsewhere than under their name. */
  private readonly elsewhere: readonly FieldWatch[]
  /** Members that no rule reads: only keywords are looked for there. */
  private readonly unread: FieldWatch
  /** Whether a keyword can stand in a number, true or false. */
  readonly inScalars: boolean
  /** By rule: the round in which a cover of it was last found, and a bit for each that was found in it. */
  private readonly found: Int32Array
  /** By rule the bits of all its covers. */
  private readonly wanted: Int32Array
  private round = 0
  private view: View | null = null
  private readonly candidates: number[] = []

  /** @param settled a field that needs no watching, for all events have the value there that the rules want */
  constructor(rules: readonly PlannedRule[], aliases: Aliases, settled: string | undefined, memory: ValueMemory) {
    const price = pricesOf(rules.map((rule) => rule.condition))
    const watched = new Map<string | null, Marked[]>()
    const always: number[] = []
    this.rules = rules
    this.wanted = new Int32Array(rules.length)
    this.found = new Int32Array(rules.length)
    for (const [rule, { condition }] of rules.entries()) {
      const covers = coversOf(condition, price, settled)
      if (covers.length === 0) always.push(rule)
      this.wanted[rule] = (1 << covers.length) - 1
      for (const [nth, cover] of covers.entries())
        for (const { field, literal } of cover) {
          const list = watched.get(field) ?? []
          watched.set(field, list)
          list.push({ literal, mark: (rule << coverBits) | nth })
        }
    }
    this.always = always
    const keywords = watched.get(null)
    this.keywords = keywords === undefined ? null : new LiteralSearch(keywords)
    this.inScalars = keywords?.some(({ literal }) => isInScalar(plainOf(literal.text))) ?? false
    this.unread = new FieldWatch(pathOf(''), this.keywords, memory.open())
    const elsewhere: FieldWatch[] = []
    for (const name of new Set(rules.flatMap(({ condition }) => fieldsOf(condition)))) {
      const marked = watched.get(name)
      // Keywords together with the field's own texts: one look at the text instead of two.
      const search = marked === undefined ? this.keywords : new LiteralSearch([...marked, ...(keywords ?? [])])
      const field = new FieldWatch(pathOf(name), search, memory.open())
      this.fields.set(name, field)
      if (marked !== undefined && (field.path.steps.length > 0 || aliases.has(name))) elsewhere.push(field)
    }
    this.elsewhere = elsewhere
  }

  /** The rules that may hold, in order; all others do not. */
  select(view: View): readonly PlannedRule[] {
    this.begin()
    this.view = view
    view.judge = this
    const { record } = view
    const { round } = this
    // One walk over the members costs less than asking for each field by name. JSON objects inherit none.
    for (const name in record) {
      const value = record[name] as Json
      const field = this.fields.get(name)
      if (typeof value === 'string') {
        if (field !== undefined) field.read(value, round, this)
        else if (this.keywords !== null) this.unread.search(value, this)
      } else if (typeof value === 'object') this.searchObject(value, view, field)
      else if (field !== undefined) field.search(String(value), this)
      else if (this.inScalars) this.unread.search(String(value), this)
    }
    for (const field of this.elsewhere)
      if (own(record, field.path.name) === undefined) this.searchField(view.fetch(field.path), field)
    const { candidates } = this
    if (candidates.length === 0) return none
    candidates.sort((a, b) => a - b)
    return candidates.map((rule) => this.rules[rule] as PlannedRule)
  }

  /** No keyword can stand in a shorter text; all are shorter where there is none. */
  get shortestKeyword(): number {
    return this.keywords?.shortest ?? Number.POSITIVE_INFINITY
  }

  /** Whether a keyword may stand in the text. */
  mayHoldKeyword(text: string): boolean {
    return this.keywords?.mayHold(text) ?? false
  }

  /** Whether the atom holds: of the event that was last selected for from memory, where the text in its field is known. */
  satisfies(atom: Atom, view: View): boolean {
    const field = atom.alone && atom.field !== null ? this.fields.get(atom.field) : undefined
    const known = field?.round === this.round && this.view === view ? field.known : null
    if (known === null) return atom.test(view)
    return known.answers?.get(atom) ?? (field as FieldWatch).keep(known, atom, atom.test(view))
  }

  private searchField(seen: Field, field: FieldWatch): void {
    const [only] = seen.values
    if (typeof only === 'string' && seen.values.length === 1 && !seen.structured) field.read(only, this.round, this)
    else for (const text of seen.texts()) field.search(text, this)
  }

  private searchObject(value: Json, view: View, field: FieldWatch | undefined): void {
    if (value === null) return
    if (field !== undefined) this.searchField(view.fetch(field.path), field)
    if (this.keywords !== null) eachText(value, (text) => this.unread.search(text, this))
  }

  private begin(): void {
    this.round++
    if (this.round === maxRounds) {
      this.round = 1
      this.found.fill(0)
      for (const field of this.fields.values()) field.round = 0
    }
    this.candidates.length = 0
    for (const rule of this.always) this.candidates.push(rule)
  }

  /** Takes what was found in a text: a rule is a candidate when all its covers were found. */
  hit(marks: readonly number[]): void {
    const round = this.round << (coverBits + 1)
    for (const mark of marks) {
      const rule = mark >> coverBits
      const before = Math.max(this.found[rule] as number, round)
      const after = before | (1 << (mark & ((1 << coverBits) - 1)))
      if (after === before) continue
      this.found[rule] = after
      if (after - round === this.wanted[rule]) this.candidates.push(rule)
    }
  }
}
