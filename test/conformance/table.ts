import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocuments } from '../../src/core/content/index.ts'
import { compileRuleSet, ruleKindOf } from '../../src/core/detect/index.ts'
import type { Document } from '../../src/core/model/index.ts'
import { uses } from './form-use.ts'
import { differencesOf, type Form, forms } from './sigma-forms.ts'

const data = join(process.env.GITSOC_SHARED_DATA ?? '../shared/data', 'sigma-rules')

/** Whether SigmaHQ's rules are here to be counted. */
export const isCountable = existsSync(data)

/** The page that holds the table, and what stands around it there. */
export const page = new URL('../../rules/README.md', import.meta.url)
const markers = ['<!-- conformance: made by npm run conformance -->', '<!-- end of conformance -->'] as const

/** The table of the page, without its markers. Throws when the page has none. */
export function tableOf(text: string): string {
  const [start, end] = placeIn(text)
  return text.slice(start, end).trim()
}

/** The page with another table. */
export function withTable(text: string, table: string): string {
  const [start, end] = placeIn(text)
  return `${text.slice(0, start)}\n${table}\n${text.slice(end)}`
}

function placeIn(text: string): readonly [start: number, end: number] {
  const [first, last] = markers
  const start = text.indexOf(first)
  const end = text.indexOf(last)
  if (start < 0 || end < start) throw new Error(`the page lacks the markers ${first} and ${last}`)
  return [start + first.length, end]
}

/** Placeholders that the collection leaves to its users, with values made up so that the rules can be counted. */
const placeholders = 'title: made up\nplaceholders:\n  known_cdcs: { values: [dc-1.example.com], why: made up }\n'

interface Loaded {
  readonly document: Document
  readonly loads: boolean
}

function corpus(): readonly Loaded[] {
  const files = (readdirSync(data, { recursive: true }) as string[]).filter((path) => path.endsWith('.yml'))
  const documents = [
    ...parseDocuments('placeholders.yaml', placeholders),
    ...files.flatMap((path) => parseDocuments(path, readFileSync(join(data, path), 'utf8'))),
  ].flatMap((one) => (one.ok && ruleKindOf(one.value) !== null ? [one.value] : []))
  return compileRuleSet(documents)
    .results.filter((one) => one.kind !== 'placeholders')
    .map(({ document, problems }) => ({ document, loads: problems.every((one) => one.severity !== 'error') }))
}

/** The table: every form with our cases that pass, and the rules of SigmaHQ that use it and load. */
export function makeTable(): string {
  const rules = corpus()
  const loading = rules.filter((one) => one.loads).length
  const total = forms.reduce((sum, one) => sum + one.cases.length, 0)
  const passing = forms.reduce((sum, one) => sum + passingOf(one), 0)
  return [
    `${passing} of ${total} cases of ${forms.length} forms pass; ${loading} of ${rules.length} rules of SigmaHQ (${version()}) load, with values made up for the placeholder of two.`,
    '',
    '| form | specification | cases pass | rules of SigmaHQ use it | and load |',
    '| --- | --- | --: | --: | --: |',
    ...forms.map((one) => row(one, rules)),
  ].join('\n')
}

/** The columns that need nothing but the cases. */
export function rowStart(one: Form): string {
  return `| ${one.form} | ${one.spec.replace(/^sigma-/, '').replace('.md#', ': ')} | ${passingOf(one)} of ${one.cases.length} |`
}

function row(one: Form, rules: readonly Loaded[]): string {
  const found = rules.filter(({ document }) => uses(document, one.counted) === true)
  const counts = 'nothing' in one.counted ? ['', ''] : [found.length, found.filter(({ loads }) => loads).length]
  return `${rowStart(one)} ${counts.join(' | ')} |`
}

const passingOf = ({ cases }: Form) => cases.filter((one) => differencesOf(one).length === 0).length

/** The collection's commit and day, as its folder says. */
function version(): string {
  const sources = readFileSync(join(data, 'SOURCES.md'), 'utf8')
  const [, commit = '', day = ''] = /SigmaHQ\/sigma @ ([0-9a-f]{7})[0-9a-f]* (\S+?);/.exec(sources) ?? []
  return `${commit}, ${day}`
}
