import nunjucks from 'nunjucks'
import {
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
import { type Faults, infer, type TypeScope, use } from './infer.ts'
import type { TemplateNode } from './node.ts'
import { checkSyntax } from './syntax.ts'
import { constantOf, either, listOf, objectOf, type Type, text, typeOf, without } from './type.ts'

/** A compiled value: JSON in which strings may hold `{{ expressions }}`. */
export interface Value {
  /** Dotted paths that the expressions read. */
  readonly paths: readonly string[]
  render(scope: JsonObject): Result<Json>
  /** What it is for whatever values its names have, and where something may be missing or of the wrong kind. */
  infer(scope: TypeScope): { readonly type: Type; readonly problems: readonly Problem[] }
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
for (const [name, filter] of Object.entries(filters))
  environment.addFilter(name, name === 'default' ? filter : defined(name, filter))
let captured: unknown

/** A misspelt name does not become an empty text on its way through a filter. */
function defined(name: string, filter: (typeof filters)[string]): (typeof filters)[string] {
  return (value, ...args) => {
    if (value === undefined)
      throw new Error(
        `what goes into the filter ${name} is not defined here; default(...) comes first if that is meant`,
      )
    return filter(value, ...args)
  }
}

environment.addFilter('__capture', (value: unknown) => {
  captured = value
  return ''
})

const maxSource = 4000
const maxResultLength = 20_000
/**
 * Compiles a value. A string that is one whole `{{ expression }}` gives the expression's native value, other strings
 * with expressions give text, objects and lists are walked. Expressions have operators, member access and the filters
 * of filters.ts; no tags, no calls. `roots` lists the names there are, so that a misspelt one is found at load.
 */
export function compileValue(raw: Json, at: Locate, roots?: ReadonlySet<string>): Result<Value> {
  const problems: Problem[] = []
  const paths = new Set<string>()
  const { render, infer } = compile(raw, [], at, problems, paths, roots)
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
      infer(scope) {
        const found: Problem[] = []
        return { type: infer(scope, found), problems: found }
      },
    },
  }
}

interface Part {
  readonly render: (scope: JsonObject) => Json
  readonly infer: (scope: TypeScope, problems: Problem[]) => Type
}

function compile(
  raw: Json,
  path: readonly (string | number)[],
  at: Locate,
  problems: Problem[],
  paths: Set<string>,
  roots?: ReadonlySet<string>,
): Part {
  if (typeof raw === 'string') return compileText(raw, path, at, problems, paths, roots)
  if (Array.isArray(raw)) {
    const items = raw.map((item: Json, index: number) => compile(item, [...path, index], at, problems, paths, roots))
    return {
      render: (scope) => items.map((item) => item.render(scope)),
      infer(scope, problems) {
        const [first, ...more] = items.map((item) => item.infer(scope, problems))
        return listOf(first === undefined ? typeOf() : more.reduce(either, first))
      },
    }
  }
  if (!isObject(raw)) return { render: () => raw, infer: () => constantOf(raw) }
  const members = Object.entries(raw).map(
    ([key, value]) => [key, compile(value, [...path, key], at, problems, paths, roots)] as const,
  )
  return {
    render: (scope) => Object.fromEntries(members.map(([key, member]) => [key, member.render(scope)])),
    infer: (scope, problems) =>
      objectOf(Object.fromEntries(members.map(([key, member]) => [key, member.infer(scope, problems)]))),
  }
}

function compileText(
  source: string,
  path: readonly (string | number)[],
  at: Locate,
  problems: Problem[],
  paths: Set<string>,
  roots?: ReadonlySet<string>,
): Part {
  if (!/\{\{|\{%|\{#/.test(source)) return { render: () => source, infer: () => constantOf(source) }
  const refuse = (message: string, hint?: string): Part => {
    problems.push(problem('template/expression', message, at(path), hint))
    return { render: () => null, infer: () => constantOf(null) }
  }
  if (source.length > maxSource) return refuse(`an expression has at most ${maxSource} characters`)
  let root: TemplateNode
  try {
    root = (
      nunjucks as unknown as { parser: { parse(source: string, extensions: unknown[], options: object): TemplateNode } }
    ).parser.parse(source, [], {})
  } catch (error) {
    return refuse(`the expression cannot be read: ${(error as Error).message.replace(/\s+/g, ' ').trim()}`)
  }
  const fault = checkSyntax(root, paths, roots)
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
    return {
      render: whole ? (scope) => native(template, scope) : (scope) => bounded(template.render(scope)),
      infer(scope, found) {
        const faults: Faults = []
        const types = outputs
          .flatMap((one) => one.children ?? [])
          .map((one) => typeOfOutput(one, whole !== false && whole !== null, scope, faults))
        for (const fault of new Set(faults)) found.push(problem('template/type', fault, at(path)))
        return whole ? (types[0] ?? text) : { ...text, secret: types.some((one) => one.secret) }
      },
    }
  } catch (error) {
    return refuse(`the expression cannot be compiled: ${(error as Error).message.replace(/\s+/g, ' ').trim()}`)
  }
}

/** A whole expression may be null, but not missing; what is written into a text may be neither. */
function typeOfOutput(node: TemplateNode, whole: boolean, scope: TypeScope, faults: Faults): Type {
  if (node.typename === 'TemplateData') return text
  const type = infer(node, scope, faults)
  if (!whole) return use(node, type, faults)
  if (type.kinds.has('undefined')) use(node, type, faults)
  return without(type, 'undefined')
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
