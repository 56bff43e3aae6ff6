import { isObject, type Json, type JsonObject } from '../model/index.ts'
import { replaced } from './mutations.ts'
import { type RuleMutation, ruleMutationsOf } from './rule-mutations.ts'
import { scaledDuration } from './scaled-duration.ts'

type Path = readonly (string | number)[]

/**
 * Breaks a rarity rule in every way that is known here, one at a time: its selection as any detection's, and of what it
 * learns the bounds halved and doubled, the times too, fields and lenses left out, words turned round. Labels and what
 * only bounds memory stay.
 */
export function rarityMutationsOf(rule: JsonObject, kind: string): readonly RuleMutation[] {
  const found: RuleMutation[] = []
  const add = (name: string, path: Path, next: Json | undefined) => {
    const value = replaced(rule, path, next)
    if (isObject(value)) found.push({ name, path, value })
  }
  ofLearnt(rule[kind] ?? null, [kind], add)
  return [...ruleMutationsOf(rule), ...found]
}

type Add = (name: string, path: Path, next: Json | undefined) => void

const words: Readonly<Record<string, string>> = {
  zero: 'unknown',
  unknown: 'zero',
  day: 'none',
  week: 'day',
  none: 'day',
}
const passedOver = new Set(['caps', 'label', 'counted', 'lateness'])

function ofLearnt(value: Json, path: Path, add: Add): void {
  const key = String(path.at(-1))
  if (passedOver.has(key)) return
  const name = path.slice(1).join('.')
  if (typeof value === 'number') {
    add(`twice ${name}`, path, value * 2)
    add(`half of ${name}`, path, Number.isInteger(value) ? Math.floor(value / 2) : value / 2)
  } else if (typeof value === 'string') {
    for (const [what, factor] of [
      ['twice', 2],
      ['half of', 0.5],
    ] as const) {
      const scaled = scaledDuration(value, factor)
      if (scaled !== null) add(`${what} ${name}`, path, scaled)
    }
    const word = key === 'unseen' || key === 'season' ? words[value] : undefined
    if (word !== undefined) add(`${word} for ${value} in ${name}`, path, word)
    if (key === 'as') add(`the whole value in ${name}`, path, undefined)
  } else if (Array.isArray(value)) {
    const items = value as readonly Json[]
    for (const [index, one] of items.entries()) {
      if (items.length > 1) add(`leave out ${name}.${index + 1}`, [...path, index], undefined)
      ofLearnt(one, [...path, index], add)
    }
  } else if (isObject(value)) {
    if (key === 'peers') add('leave out the peers', path, undefined)
    for (const [member, one] of Object.entries(value)) {
      if (key === 'position' && typeof one === 'string')
        add(`leave out ${name}.${member}`, [...path, member], undefined)
      ofLearnt(one, [...path, member], add)
    }
  }
}
