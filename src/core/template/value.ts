import nunjucks from 'nunjucks'
import {
  didYouMean,
  isObject,
  type Json,
  type JsonObject,
  type Locate,
  type Problem,
  problem,
  type Result,
} from '../model/index.ts'
import { filters } from './filters.ts'
import { harden } from './harden.ts'

/** A compiled value: JSON in which strings may hold `{{ expressions }}`. */
export interface Value {
  /** Dotted paths that the expressions read. */
  readonly paths: readonly string[]
  render(scope: JsonObject): Result<Json>
}

harden()
const environment = new nunjucks.Environment(null, { autoescape: false, throwOnUndefined: true })
const inner = environment as unknown as {
  filters: Record<string, unknown>
  globals: Record<string, unknown>
  tests: Record<string, unknown>
}
inner.filters = Object.create(null) as Record<string, unknown>
inner.globals = Object.create(null) as Record<string, unknown>
inner.tests = Object.create(null) as Record<string, unknown>
for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, filter)
let captured: unknown
environment.addFilter('__capture', (value: unknown) => {
  captured = value
  return ''
})

const maxSource = 4000
const maxResultLength = 20_000
/** The node types of nunjucks' parser that are pure expressions; everything else (tags, calls, macros) is refused. */
const allowed = new Set([
  ...[
    'Root',
    'NodeList',
    'Output',
    'TemplateData',
    'Literal',
    'Symbol',
    'LookupVal',
    'Filter',
    'InlineIf',
    'Compare',
    'CompareOperand',
  ],
  ...[
    'And',
    'Or',
    'Not',
    'Add',
    'Sub',
    'Mul',
    'Div',
    'Mod',
    'Concat',
    'Group',
    'Array',
    'Dict',
    'Pair',
    'In',
    'Neg',
    'Pos',
  ],
])

interface Node {
  readonly typename: string
  readonly value?: unknown
  readonly children?: readonly Node[]
  readonly fields: readonly string[]
  readonly target?: Node
  readonly val?: Node
  readonly name?: Node
}

/**
 * Compiles a value. A string that is one whole `{{ expression }}` gives the expression's native value, other strings
 * with expressions give text, objects and lists are walked. Expressions have operators, member access and the filters
 * of filters.ts; no tags, no calls. `roots` lists the names there are, so that a misspelt one is found at load.
 */
export function compileValue(raw: Json, at: Locate, roots?: ReadonlySet<string>): Result<Value> {
  const problems: Problem[] = []
  const paths = new Set<string>()
  const render = compile(raw, [], at, problems, paths, roots)
  if (problems.length > 0) return { ok: false, problems }
  return {
    ok: true,
    value: {
      paths: [...paths].sort(),
      render(scope) {
        try {
          return { ok: true, value: render(scope) }
        } catch (error) {
          const message = (error as Error).message.replace(/^\(unknown path\)\s*/, '').replace(/\s+/g, ' ')
          return { ok: false, problems: [problem('template/render', message.trim().slice(0, 300), at([]))] }
        }
      },
    },
  }
}

type Render = (scope: JsonObject) => Json

function compile(
  raw: Json,
  path: readonly (string | number)[],
  at: Locate,
  problems: Problem[],
  paths: Set<string>,
  roots?: ReadonlySet<string>,
): Render {
  if (typeof raw === 'string') return compileText(raw, path, at, problems, paths, roots)
  if (Array.isArray(raw)) {
    const items = raw.map((item: Json, index: number) => compile(item, [...path, index], at, problems, paths, roots))
    return (scope) => items.map((item) => item(scope))
  }
  if (!isObject(raw)) return () => raw
  const members = Object.entries(raw).map(
    ([key, value]) => [key, compile(value, [...path, key], at, problems, paths, roots)] as const,
  )
  return (scope) => Object.fromEntries(members.map(([key, member]) => [key, member(scope)]))
}

function compileText(
  source: string,
  path: readonly (string | number)[],
  at: Locate,
  problems: Problem[],
  paths: Set<string>,
  roots?: ReadonlySet<string>,
): Render {
  if (!/\{\{|\{%|\{#/.test(source)) return () => source
  const refuse = (message: string, hint?: string): Render => {
    problems.push(problem('template/expression', message, at(path), hint))
    return () => null
  }
  if (source.length > maxSource) return refuse(`an expression has at most ${maxSource} characters`)
  let root: Node
  try {
    root = (
      nunjucks as unknown as { parser: { parse(source: string, extensions: unknown[], options: object): Node } }
    ).parser.parse(source, [], {})
  } catch (error) {
    return refuse(`the expression cannot be read: ${(error as Error).message.replace(/\s+/g, ' ').trim()}`)
  }
  const fault = checkSafely(root, paths, roots)
  if (fault !== null) return refuse(fault.message, fault.hint)
  const outputs = root.children ?? []
  const single =
    outputs.length === 1 &&
    outputs[0]?.typename === 'Output' &&
    outputs[0].children?.length === 1 &&
    outputs[0].children[0]?.typename !== 'TemplateData'
  const whole = single && /^\s*\{\{-?([\s\S]*?)-?\}\}\s*$/.exec(source)
  try {
    const template = new nunjucks.Template(
      whole ? `{{ (${whole[1]}) | __capture }}` : source,
      environment,
      undefined,
      true,
    )
    return whole ? (scope) => native(template, scope) : (scope) => bounded(template.render(scope))
  } catch (error) {
    return refuse(`the expression cannot be compiled: ${(error as Error).message.replace(/\s+/g, ' ').trim()}`)
  }
}

function native(template: nunjucks.Template, scope: JsonObject): Json {
  captured = undefined
  template.render(scope)
  const value = captured
  captured = undefined
  if (value === undefined)
    throw new Error('the value is not defined here; use the filter default(...) if that is meant')
  if (typeof value === 'string') return bounded(value)
  const flaw = flawIn(value)
  if (flaw !== null) throw new Error(flaw)
  return value as Json
}

/** What keeps a native value from being JSON: arithmetic without a number as result, a missing member of a list. */
function flawIn(value: unknown): string | null {
  if (value === undefined) return 'a part of the value is not defined here'
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'the calculation has no number as result'
  if (typeof value !== 'object' || value === null) return null
  for (const part of Object.values(value)) {
    const flaw = flawIn(part)
    if (flaw !== null) return flaw
  }
  return null
}

function bounded(text: string): string {
  if (text.length > maxResultLength) throw new Error(`the text has more than ${maxResultLength} characters`)
  return text
}

/** nunjucks' parser makes odd trees of broken text: what cannot be walked is refused. */
function checkSafely(root: Node, paths: Set<string>, roots: ReadonlySet<string> | undefined): Fault | null {
  try {
    return check(root, paths, roots)
  } catch {
    return { message: 'the expression cannot be read' }
  }
}

interface Fault {
  readonly message: string
  readonly hint?: string | undefined
}

function check(node: Node, paths: Set<string>, roots: ReadonlySet<string> | undefined): Fault | null {
  if (!allowed.has(node.typename)) {
    return {
      message: `"${node.typename}" is not allowed in an expression`,
      hint: 'expressions have operators, member access and filters; no tags and no calls',
    }
  }
  if (node.typename === 'Literal' && typeof node.value === 'object' && node.value !== null)
    return { message: 'a regular expression is not allowed in an expression' }
  if (node.typename === 'Filter') {
    const name = String(node.name?.value)
    if (!Object.hasOwn(filters, name))
      return { message: `there is no filter "${name}"`, hint: didYouMean(name, Object.keys(filters)) }
    return checkAll((node as unknown as { args: Node }).args, paths, roots)
  }
  if (node.typename === 'Symbol' || node.typename === 'LookupVal') {
    const path = pathOf(node)
    if (path !== null) {
      const root = rootOf(node)
      if (!isName(root)) return { message: `${JSON.stringify(root.slice(0, 80))} is no name` }
      if (/(^|\.)(__proto__|constructor|prototype)(\.|$)/.test(path))
        return { message: `"${path}" is not allowed in an expression` }
      if (roots !== undefined && !roots.has(root))
        return {
          message: `"${root}" is not known here`,
          hint: didYouMean(root, roots) ?? `known: ${[...roots].join(', ')}`,
        }
      paths.add(path)
      return null
    }
  }
  return checkAll(node, paths, roots)
}

function checkAll(node: Node, paths: Set<string>, roots: ReadonlySet<string> | undefined): Fault | null {
  for (const child of childrenOf(node)) {
    const fault = check(child, paths, roots)
    if (fault !== null) return fault
  }
  return null
}

function childrenOf(node: Node): Node[] {
  const direct = node.children ?? []
  const named = node.fields.map((field) => (node as unknown as Record<string, unknown>)[field])
  return [...direct, ...named.flat()].filter(
    (child): child is Node => typeof child === 'object' && child !== null && 'typename' in child,
  )
}

/** The nunjucks compiler writes names into JavaScript as they stand, and its lexer lets quotes be part of a name. */
function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)
}

function rootOf(node: Node): string {
  return node.typename === 'LookupVal' && node.target !== undefined ? rootOf(node.target) : String(node.value)
}

function pathOf(node: Node): string | null {
  if (node.typename === 'Symbol') return String(node.value)
  if (node.typename !== 'LookupVal' || node.target === undefined || node.val === undefined) return null
  const target = pathOf(node.target)
  return target === null || node.val.typename !== 'Literal' ? null : `${target}.${String(node.val.value)}`
}
