import type { Json, JsonObject } from '../../model/index.ts'
import { printOf } from './value-memory.ts'
import { eachText, pathOf } from './view.ts'

/** A value that stands under a name as it is; undefined where nothing does. */
type Plain = Exclude<Json, object> | null | undefined

/** A member that is not read, and one through which names with dots lead. */
const unread = -1
const passed = -2
/** Members whose names are remembered by their place: events of one kind mostly have the same ones in the same order. */
const shapeLength = 128
const longestName = 64

/** The members of a record that rules read, side by side, and the texts of all others. */
export class Outline {
  /** What stands in each member that is read. */
  readonly values: Plain[]
  /** A number that tells {@link values} apart well enough. */
  print = 0
  /** The texts in which only keywords are looked for, in no order. */
  readonly rest: string[] = []
  private readonly slots: ReadonlyMap<string, number>
  private readonly isScalarRest: boolean
  private readonly leastRest: number
  private readonly shape: string[] = []
  private readonly shapeSlots: number[] = []

  /**
   * @param isScalarRest whether numbers, true and false are texts too
   * @param leastRest shorter texts of other members are left out
   */
  constructor(names: Iterable<string>, isScalarRest: boolean, leastRest: number) {
    const all = [...new Set(names)]
    const slots = new Map(all.flatMap((name) => pathOf(name).steps.map((step) => [step.name, passed])))
    for (const [slot, name] of all.entries()) slots.set(name, slot)
    this.slots = slots
    this.isScalarRest = isScalarRest
    this.leastRest = leastRest
    this.values = new Array(all.length).fill(undefined)
  }

  /** Takes the outline of a record; false when what is read there is no plain value, so that it has none. */
  take(record: JsonObject): boolean {
    const { values, rest, shape, shapeSlots, leastRest } = this
    values.fill(undefined)
    rest.length = 0
    let print = 0
    let nth = 0
    for (const name in record) {
      const value = record[name] as Json
      const slot = shape[nth] === name ? (shapeSlots[nth] as number) : this.slotOf(name, nth)
      nth++
      if (typeof value === 'string') {
        if (slot >= 0) {
          values[slot] = value
          print = (print + Math.imul(printOf(value) + slot, 0x9e3779b1)) | 0
        } else if (value.length >= leastRest) rest.push(value)
      } else if (typeof value === 'object' && value !== null) {
        if (slot !== unread) return false
        eachText(value, (text) => rest.push(text))
      } else if (slot >= 0) {
        values[slot] = value
        print = (print + Math.imul(Number(value) + slot, 0x85ebca6b)) | 0
      } else if (this.isScalarRest && value !== null) rest.push(String(value))
    }
    this.print = print ^ (print >>> 15)
    return true
  }

  private slotOf(name: string, nth: number): number {
    const slot = this.slots.get(name) ?? unread
    if (nth < shapeLength && name.length <= longestName) {
      this.shape[nth] = name
      this.shapeSlots[nth] = slot
    }
    return slot
  }
}
