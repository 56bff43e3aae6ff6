import { didYouMean } from '../model/index.ts'
import { filters } from './filters.ts'
import { pathOf, type TemplateNode } from './node.ts'

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

const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** nunjucks' parser makes odd trees of broken text: what cannot be walked is refused. */
export function checkSyntax(
  root: TemplateNode,
  paths: Set<string>,
  roots: ReadonlySet<string> | undefined,
): Fault | null {
  try {
    return check(root, paths, roots)
  } catch {
    return { message: 'the expression cannot be read' }
  }
}

/** What is wrong with an expression, and what to write instead. */
export interface Fault {
  readonly message: string
  readonly hint?: string | undefined
}

function check(node: TemplateNode, paths: Set<string>, roots: ReadonlySet<string> | undefined): Fault | null {
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
    return node.args === undefined ? null : checkAll(node.args, paths, roots)
  }
  if (node.typename === 'Symbol' || node.typename === 'LookupVal') {
    const path = pathOf(node)
    if (path !== null) {
      const [root = ''] = path
      if (!isName(root)) return { message: `${JSON.stringify(root.slice(0, 80))} is no name` }
      if (path.some((name) => forbidden.has(name)))
        return { message: `"${path.join('.')}" is not allowed in an expression` }
      if (roots !== undefined && !roots.has(root))
        return {
          message: `"${root}" is not known here`,
          hint: didYouMean(root, roots) ?? `known: ${[...roots].join(', ')}`,
        }
      paths.add(path.join('.'))
      return null
    }
  }
  return checkAll(node, paths, roots)
}

function checkAll(node: TemplateNode, paths: Set<string>, roots: ReadonlySet<string> | undefined): Fault | null {
  for (const child of childrenOf(node)) {
    const fault = check(child, paths, roots)
    if (fault !== null) return fault
  }
  return null
}

function childrenOf(node: TemplateNode): TemplateNode[] {
  const direct = node.children ?? []
  const named = node.fields.map((field) => (node as unknown as Record<string, unknown>)[field])
  return [...direct, ...named.flat()].filter(
    (child): child is TemplateNode => typeof child === 'object' && child !== null && 'typename' in child,
  )
}

/** The nunjucks compiler writes names into JavaScript as they stand, and its lexer lets quotes be part of a name. */
function isName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)
}
