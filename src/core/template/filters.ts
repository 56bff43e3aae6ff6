import { canonicalJson, type Json, oneLine } from '../model/index.ts'

const maxResult = 20_000

const text = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? ''
      : typeof value === 'object'
        ? canonicalJson(value as Json)
        : String(value)
const list = (value: unknown): Json[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value as Json]
const numbers = (value: unknown): number[] => list(value).filter((one): one is number => typeof one === 'number')
const line = (value: unknown) => oneLine(text(value), maxResult)

/** Text for a GitHub comment or issue: no mention, link, HTML, formatting or command can come out of it. */
export function escapeMarkdown(value: unknown): string {
  return line(value)
    .replace(/[\\`*_{}[\]()#+!|<>~&]/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(/@/g, '@\u200b')
    .replace(/:\/\//g, ':\u200b//')
    .replace(/^\s*([/-])/, '\u200b$1')
    .slice(0, maxResult)
}

/** Text for Slack mrkdwn: no mention, link or formatting command. */
export function escapeSlack(value: unknown): string {
  return line(value)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[*_~`]/g, (mark) => `\u200b${mark}`)
    .slice(0, maxResult)
}

/** The filters that templates may use; there are no others. */
export const filters: Readonly<Record<string, (value: unknown, ...args: unknown[]) => unknown>> = {
  default: (value, fallback) => (value === undefined || value === null || value === '' ? fallback : value),
  length: (value) => (typeof value === 'string' || Array.isArray(value) ? value.length : 0),
  first: (value) => list(value)[0],
  last: (value) => list(value).at(-1),
  join: (value, separator) =>
    list(value)
      .map(text)
      .join(text(separator ?? ', '))
      .slice(0, maxResult),
  lower: (value) => text(value).toLowerCase(),
  upper: (value) => text(value).toUpperCase(),
  trim: (value) => text(value).trim(),
  truncate: (value, length) => text(value).slice(0, Math.min(Number(length) || 200, maxResult)),
  before: (value, separator) => text(value).split(text(separator ?? '/'))[0] ?? '',
  after: (value, separator) =>
    text(value)
      .split(text(separator ?? '/'))
      .slice(1)
      .join(text(separator ?? '/')),
  string: (value) => text(value).slice(0, maxResult),
  int: (value) => (Number.isFinite(Number(value)) ? Math.trunc(Number(value)) : undefined),
  float: (value) => (Number.isFinite(Number(value)) ? Number(value) : undefined),
  round: (value) => (typeof value === 'number' ? Math.round(value) : undefined),
  min: (value) => (numbers(value).length > 0 ? Math.min(...numbers(value)) : undefined),
  max: (value) => (numbers(value).length > 0 ? Math.max(...numbers(value)) : undefined),
  sort: (value) => [...list(value)].sort((a, b) => (text(a) < text(b) ? -1 : 1)),
  unique: (value) => [...new Set(list(value))],
  json: (value) => canonicalJson((value ?? null) as Json).slice(0, maxResult),
  iso: (value) => (typeof value === 'number' && Math.abs(value) <= 8.64e15 ? new Date(value).toISOString() : undefined),
  epochms: (value) =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value)
      ? Date.parse(value) || undefined
      : undefined,
  md: escapeMarkdown,
  slack: escapeSlack,
}
