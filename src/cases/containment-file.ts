import { stringify } from 'yaml'
import containmentSchema from '../../incidents/containment.schema.json' with { type: 'json' }
import { compileSchema, parseDocument } from '../core/content/index.ts'
import {
  type IncidentNumber,
  isObject,
  type Json,
  type JsonObject,
  type Place,
  type Result,
} from '../core/model/index.ts'
import type { Containment } from './containment.ts'

/** One entry of an incident's `containment.yaml`, as it stands there. */
export interface ContainmentEntry {
  readonly effect: string | null
  readonly action: string
  readonly target: string
  /** Epoch milliseconds; null = without an end; undefined when the entry does not say. */
  readonly until: number | null | undefined
  readonly place: Place
  readonly raw: JsonObject
}

/** An incident's `containment.yaml`. */
export interface ContainmentFile {
  readonly incident: IncidentNumber
  /** Effects that the file knows of: one that is covered and has no entry was removed by a person. */
  readonly covers: ReadonlySet<string>
  readonly entries: readonly ContainmentEntry[]
}

const check = compileSchema(containmentSchema)

/** Reads a `containment.yaml`; problems have file, line and column. */
export function parseContainment(file: string, text: string): Result<ContainmentFile> {
  const parsed = parseDocument(file, text)
  const checked = parsed.ok ? check(parsed.value) : parsed
  if (!checked.ok) return checked
  const { value, place } = checked.value
  const list = (Array.isArray(value.containments) ? (value.containments as readonly Json[]) : []).filter(isObject)
  return {
    ok: true,
    value: {
      incident: Number(value.incident),
      covers: new Set((Array.isArray(value.covers) ? (value.covers as readonly Json[]) : []).map(String)),
      entries: list.map((raw, index) => ({
        effect: typeof raw.effect === 'string' ? raw.effect : null,
        action: String(raw.action),
        target: String(raw.target),
        until: typeof raw.until === 'string' ? Date.parse(raw.until) : raw.until === null ? null : undefined,
        place: place(['containments', index]),
        raw,
      })),
    },
  }
}

/**
 * The `containment.yaml` of an incident: what holds and how it is taken back. `known` are effects that the file knew of
 * before, `kept` entries that people added and that stand for nothing done. The same containment gives the same bytes.
 */
export function containmentText(
  incident: IncidentNumber,
  standing: readonly Containment[],
  known: Iterable<string> = [],
  kept: readonly JsonObject[] = [],
): string {
  const time = (at: number) => new Date(at).toISOString()
  const reversible = standing.filter((one) => one.undo !== null)
  const final = standing.filter((one) => one.undo === null)
  const containments = reversible.map((one) => ({
    effect: one.effect,
    action: one.action,
    target: one.target,
    mode: one.mode,
    since: time(one.since),
    until: one.until === null ? null : time(one.until),
    run: one.run,
    approval: one.approval,
    approvedBy: one.approvedBy,
    undo: one.undo,
  }))
  const irreversible = final.map((one) => ({
    effect: one.effect,
    action: one.action,
    target: one.target,
    mode: one.mode,
    at: time(one.since),
    run: one.run,
    approval: one.approval,
    approvedBy: one.approvedBy,
    why: one.irreversible,
  }))
  const covers = [...new Set([...known, ...reversible.map((one) => one.effect)])].sort()
  return stringify(readable({ incident, covers, containments: [...containments, ...kept], irreversible }), {
    lineWidth: 120,
    aliasDuplicateObjects: false,
  })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const hidden = /[\u0000-\u001f\u007f\ufeff]/gu

/** A target as it stands in the file: content holds no hidden characters, and an event may. */
export const readableText = (text: string) => text.replace(hidden, ' ').toWellFormed()

function readable(value: unknown): unknown {
  if (typeof value === 'string') return readableText(value)
  if (Array.isArray(value)) return value.map(readable)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [readableText(name), readable(one)]))
}
