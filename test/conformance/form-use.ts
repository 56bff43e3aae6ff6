import { type Document, isObject, type Json } from '../../src/core/model/index.ts'
import type { Form } from './sigma-forms.ts'

/** Whether a Sigma document uses a form, by the member `counted` of the form; null when that cannot be seen. */
export function uses({ value }: Document, counted: Form['counted']): boolean | null {
  const [[kind, wanted] = ['nothing', '']] = Object.entries(counted)
  const conditions = [value.detection, value.filter].flatMap((one) => (isObject(one) ? [one.condition ?? ''] : []))
  const fields = fieldsOf(value.detection).concat(fieldsOf(value.filter))
  switch (kind) {
    case 'modifier':
      return fields.some(({ modifiers }) => modifiers.includes(String(wanted)))
    case 'condition':
      return conditions.flat().some((one) => new RegExp(String(wanted), 'i').test(String(one)))
    case 'value':
      return fields.some((field) => hasValue(field, String(wanted)))
    case 'search':
      return searchesOf(value.detection).some((one) => isSearch(one, String(wanted)))
    case 'correlation':
      return (
        isObject(value.correlation) &&
        (value.correlation.type === wanted || Object.hasOwn(value.correlation, String(wanted)))
      )
    case 'filter':
      return isObject(value.filter) && !isObject(value.detection)
    default:
      return null
  }
}

interface Field {
  readonly modifiers: readonly string[]
  readonly value: Json
}

const searchesOf = (detection: Json | undefined): readonly Json[] =>
  isObject(detection)
    ? Object.entries(detection).flatMap(([name, raw]) => (name === 'condition' || name === 'timeframe' ? [] : [raw]))
    : []

function fieldsOf(detection: Json | undefined): readonly Field[] {
  return searchesOf(detection).flatMap(fieldsIn)
}

function fieldsIn(raw: Json): readonly Field[] {
  if (isObject(raw))
    return Object.entries(raw).flatMap(([key, value]) =>
      isObject(value) ? fieldsIn(value) : [{ modifiers: key.split('|').slice(1), value }],
    )
  return listOf(raw).flatMap((item) => (isObject(item) ? fieldsIn(item) : [{ modifiers: [], value: item }]))
}

const listOf = (value: Json): readonly Json[] => (Array.isArray(value) ? value : [value])
const noText = ['re', 'cidr', 'fieldref', 'exists', 'expand']

function hasValue({ modifiers, value }: Field, wanted: string): boolean {
  if (wanted === 'list') return Array.isArray(value)
  const isText = !modifiers.some((one) => noText.includes(one))
  return listOf(value).some((one) => {
    if (wanted === 'null') return one === null
    if (wanted === 'number' || wanted === 'boolean') return typeof one === wanted
    if (typeof one !== 'string' || !isText) return false
    if (wanted === 'empty') return one === ''
    if (wanted === 'wildcard') return /[*?]/.test(one.replace(/\\[\\*?]/g, ''))
    if (wanted === 'escape') return /\\[\\*?]/.test(one)
    return wanted === 'text' && one !== ''
  })
}

function isSearch(raw: Json, wanted: string): boolean {
  const items = Array.isArray(raw) ? (raw as readonly Json[]) : []
  if (wanted === 'map') return isObject(raw)
  if (wanted === 'list-of-maps') return items.some(isObject)
  if (wanted === 'keywords') return items.some((one) => !isObject(one)) || (!Array.isArray(raw) && !isObject(raw))
  return wanted === 'nested' && [raw, ...items].some((one) => isObject(one) && Object.values(one).some(isObject))
}
