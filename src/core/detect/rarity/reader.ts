import ipaddr from 'ipaddr.js'
import { hashId, oneLine } from '../../model/index.ts'
import type { View } from '../sigma/view.ts'
import type { Locate } from './locate.ts'

/** How a field is looked at: as it is, or only the part of it that habits are made of. */
export const lenses = ['country', 'network', 'program', 'product'] as const
export type Lens = (typeof lenses)[number]

/** One field of an entity, a value or a group. */
export interface FieldReading {
  readonly field: string
  readonly as: Lens | null
}

/** Some fields of an event under one name for people: `user`, `country`. */
export interface Reader {
  readonly label: string
  readonly fields: readonly FieldReading[]
}

/** What a reader saw. */
export interface Reading {
  /** Equal for equal values whatever their case; bounded, and as the database stores it. */
  readonly key: string
  /** For people: one bounded line. */
  readonly text: string
}

const maxKey = 160
const maxText = 80
const maxElements = 50

/**
 * Reads the fields from an event; null when one of them is missing or empty. A list is read as the set of its elements,
 * so that nothing hides behind an element that is usual.
 */
export function read(reader: Reader, view: View, locate: Locate): Reading | null {
  const keys: string[] = []
  const texts: string[] = []
  for (const { field, as } of reader.fields) {
    const { values } = view.field(field)
    const found: string[] = []
    for (const value of values.slice(0, maxElements)) {
      if (value === null) continue
      const text = through(as, String(value), locate)
      if (text !== null && text !== '' && !found.includes(text)) found.push(text)
    }
    if (found.length === 0) return null
    const text = found.length === 1 ? (found[0] as string) : found.sort().join(', ')
    keys.push(text.toLowerCase())
    texts.push(text)
  }
  return { key: keyOf(keys), text: shown(texts.join(' / ')) }
}

/** One bounded key of several texts: different lists have different keys. */
export function keyOf(parts: readonly string[]): string {
  const only = parts.length === 1 ? (parts[0] as string) : JSON.stringify(parts)
  const key = only.length <= maxKey ? only : `${only.slice(0, maxKey - 30)}…${hashId(only)}`
  return key.replaceAll('\u0000', '\ufffd').toWellFormed()
}

/** A value from outside for a sentence. */
export const shown = (text: string) => oneLine(text, maxText).toWellFormed()

function through(lens: Lens | null, text: string, locate: Locate): string | null {
  switch (lens) {
    case null:
      return text
    case 'country':
      return locate(text.trim())?.country ?? null
    case 'network':
      return networkOf(text.trim())
    case 'program':
      return programOf(text)
    case 'product':
      return productOf(text)
  }
}

/** `203.0.113.0/24`, `2001:db8:1::/48`: what a provider gives one customer is mostly no larger. */
function networkOf(text: string): string | null {
  if (text.length > 60 || !ipaddr.isValid(text)) return null
  const address = ipaddr.process(text)
  const bits = address.kind() === 'ipv4' ? 24 : 48
  const bytes = address.toByteArray().map((byte, index) => (index < bits / 8 ? byte : 0))
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`
}

/** The file name of a program, from a path or a command line. */
function programOf(text: string): string {
  const line = text.trim().slice(0, 2000)
  const quoted = /^"([^"]+)"/.exec(line)?.[1]
  const path = quoted ?? /^.*?\.(?:exe|com|sys|dll|bat|cmd|ps1)(?=\s|$)/i.exec(line)?.[0] ?? line
  return path.split(/[\\/]/).at(-1)?.trim() ?? ''
}

/** The first product of a user agent without its version: RFC 9110, 10.1.5. */
const productOf = (text: string) => /^[[(\s"]*([^\s/()[\]";]{1,200})/.exec(text)?.[1] ?? ''
