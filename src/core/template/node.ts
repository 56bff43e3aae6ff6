/** A node of the tree that nunjucks' parser makes, as far as expressions have them. */
export interface TemplateNode {
  readonly typename: string
  readonly value?: unknown
  readonly children?: readonly TemplateNode[]
  readonly fields: readonly string[]
  readonly target?: TemplateNode
  readonly val?: TemplateNode
  readonly name?: TemplateNode
  readonly args?: TemplateNode
  readonly cond?: TemplateNode
  readonly body?: TemplateNode
  readonly else_?: TemplateNode | null
  readonly expr?: TemplateNode
  readonly ops?: readonly TemplateNode[]
  readonly left?: TemplateNode
  readonly right?: TemplateNode
  readonly key?: TemplateNode
}

/** The names of a dotted path from its root; null for what is reached by a calculated name. */
export function pathOf(node: TemplateNode): readonly string[] | null {
  if (node.typename === 'Symbol') return [String(node.value)]
  if (node.typename !== 'LookupVal' || node.target === undefined || node.val?.typename !== 'Literal') return null
  const target = pathOf(node.target)
  return target === null ? null : [...target, String(node.val.value)]
}
