import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const src = resolve('src')

/** The order of rooms as src/README.md gives it: a room imports only rooms above it. */
const order = [...readFileSync('src/README.md', 'utf8').matchAll(/^\| ((?:core\/)?[a-z]+) \|/gm)].map(
  (match) => match[1] as string,
)

/** Libraries that core may use: they compute, and touch nothing outside. */
const pure = new Set([
  'ajv',
  'ajv-formats',
  'fast-xml-parser',
  'fastest-levenshtein',
  'ipaddr.js',
  're2js',
  'json-rules-engine',
  'markdown-it',
  'nunjucks',
  'yaml',
])

interface Import {
  readonly from: string
  readonly to: string
}

function imports(): Import[] {
  const files = (readdirSync(src, { recursive: true }) as string[]).filter((file) => file.endsWith('.ts'))
  return files.flatMap((file) => {
    const text = readFileSync(join(src, file), 'utf8')
    return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => ({
      from: file,
      to: match[1] as string,
    }))
  })
}

const roomOf = (file: string) => {
  const parts = file.split('/')
  return parts[0] === 'core' ? parts.slice(0, 2).join('/') : parts.length === 1 ? '' : (parts[0] as string)
}

/** What is wrong with an import; null when it keeps the border. */
function fault({ from, to }: Import): string | null {
  const room = roomOf(from)
  const inCore = room.startsWith('core/')
  if (!to.startsWith('.')) {
    const name = to.startsWith('@') ? to.split('/').slice(0, 2).join('/') : (to.split('/')[0] as string)
    if (!inCore || pure.has(name) || (to === 'node:crypto' && from === 'core/model/digest.ts')) return null
    return `${from} imports ${to}: core touches nothing outside`
  }
  const target = relative(src, resolve(src, dirname(from), to))
  if (target.startsWith('..'))
    return /\.schema\.json$/.test(target) ? null : `${from} imports ${to}: it lies outside src`
  const other = roomOf(target)
  if (other === room || room === '') return null
  if (target !== `${other}/index.ts`) return `${from} imports ${target}: the door of ${other} is its index.ts`
  if (order.indexOf(other) < 0) return `${from} imports ${other}: src/README.md does not list that room`
  return order.indexOf(other) < order.indexOf(room) ? null : `${from} imports ${other}, which comes after ${room}`
}

test('every room is on the map', () => {
  const rooms = new Set(
    imports()
      .map((one) => roomOf(one.from))
      .filter((room) => room !== ''),
  )
  expect([...rooms].filter((room) => !order.includes(room))).toEqual([])
})

test('rooms import only doors of rooms above them, and core nothing outside', () => {
  expect(
    imports()
      .map(fault)
      .filter((one) => one !== null),
  ).toEqual([])
})

test.each([
  ['a later room', { from: 'core/model/x.ts', to: '../detect/index.ts' }],
  ['past a door', { from: 'cases/x.ts', to: '../store/connect.ts' }],
  ['the disk from core', { from: 'core/content/x.ts', to: 'node:fs' }],
  ['the database from core', { from: 'core/engine/x.ts', to: 'pg' }],
  ['out of src', { from: 'cli/x.ts', to: '../../test/support/store.ts' }],
])('an import of %s is found', (_name, one) => {
  expect(fault(one)).not.toBeNull()
})
