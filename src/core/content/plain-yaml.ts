import { type Document, isAlias, isMap, isNode, isScalar, type Node, visit } from 'yaml'

/** What a file has that YAML allows and content does not: where, what, and what to write instead. */
export interface Foreign {
  readonly offset: number
  readonly message: string
  readonly hint?: string
}

/** Control characters cannot be stored, and they command terminals. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const hidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufeff]/u

/** The first hidden character of a text, the byte order mark at its beginning included. */
export function hiddenCharacter(text: string): Foreign | null {
  const found = hidden.exec(text)
  return found === null ? null : { offset: found.index, ...about(text, found.index) }
}

function about(text: string, index: number): { message: string; hint: string } {
  const code = (text.codePointAt(index) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return code === 'FEFF' && index === 0
    ? { message: 'the file begins with a byte order mark', hint: 'save it as UTF-8 without BOM' }
    : { message: `the hidden character U+${code} is not allowed in content`, hint: 'remove it' }
}

/**
 * Content is what JSON can say: mappings with text as keys, lists, text, finite numbers, booleans, null. Tags, anchors,
 * directives and all else that could read otherwise than it looks are refused.
 */
export function foreignTo(document: Document, maxDepth: number): Foreign | null {
  let found: Foreign | null = null
  const refuse = (node: Node, message: string, hint?: string) => {
    found = { offset: node.range?.[0] ?? 0, message, ...(hint === undefined ? {} : { hint }) }
    return visit.BREAK
  }
  if (document.directives?.docStart === true && document.directives.yaml.explicit === true)
    return { offset: 0, message: 'directives are not used in content', hint: 'remove the line that begins with %' }
  visit(document, {
    Node: (_key, node, path) => {
      if (isAlias(node) || node.anchor !== undefined) return refuse(node, 'anchors and aliases are not used in content')
      if (path.length > maxDepth * 2) return refuse(node, `the file nests more than ${maxDepth} deep`)
      if (node.tag !== undefined) return refuse(node, `tags are not used in content: ${node.tag}`, 'quote the text')
      if (isMap(node)) {
        const odd = node.items.find((pair) => !isScalar(pair.key) || typeof pair.key.value !== 'string')
        if (odd !== undefined)
          return refuse(isNode(odd.key) ? odd.key : node, 'the name of a member must be text', 'quote it')
      }
      if (!isScalar(node)) return undefined
      const { value } = node
      if (typeof value === 'number' && (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER))
        return refuse(node, 'the number is too large or is no number', 'quote it if it is an identifier')
      if (typeof value === 'string' && !value.isWellFormed())
        return refuse(node, 'the text holds half of a character: an escape such as "\\ud800"', 'remove it')
      const flaw = typeof value === 'string' ? hiddenCharacter(value) : null
      if (flaw !== null) return refuse(node, flaw.message, flaw.hint)
      return undefined
    },
  })
  return found
}
