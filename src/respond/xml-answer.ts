import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { isObject, type Json, type JsonObject, own } from '../core/model/index.ts'

/** The elements of a document as members of objects, or why it is not read. */
export type XmlRead = { readonly ok: true; readonly value: JsonObject } | { readonly ok: false; readonly why: string }

const maxDepth = 32
const maxElements = 50_000
const parser = new XMLParser({
  ignoreAttributes: true,
  removeNSPrefix: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  processEntities: true,
  // Line breaks in values come as &#xD;.
  htmlEntities: true,
  // The parser allows one more than it is told.
  maxNestedTags: maxDepth - 1,
})

/**
 * Reads an answer in XML 1.0: each element is a member by its name without prefix, several of one name are a list, text stays text,
 * attributes are left out. Refused: declarations of types and entities (so that nothing is expanded or fetched), other encodings than
 * UTF-8, what is not well-formed, more than 32 levels or 50,000 elements. How long it may be is bounded where it is received.
 */
export function readXml(text: string): XmlRead {
  const not = (why: string): XmlRead => ({ ok: false, why: `the answer is no XML that is read: ${why}` })
  const source = text.replace(/^\uFEFF/, '')
  const encoding = /^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']/.exec(source)?.[1]
  if (encoding !== undefined && !/^(utf-8|us-ascii)$/i.test(encoding)) return not('it says another encoding than UTF-8')
  // What is no UTF-8 was replaced when it was received; a value of which a part is missing is not the vendor's.
  if (/[\uFFFD\0]/.test(source)) return not('it is not in UTF-8')
  if (/<!(?!--|\[CDATA\[)/.test(source)) return not('it declares types or entities')
  if ((source.match(/<[^/!?]/g)?.length ?? 0) > maxElements) return not(`it has more than ${maxElements} elements`)
  try {
    if (XMLValidator.validate(source) !== true) return not('it is not well-formed')
    const value: unknown = parser.parse(source)
    return isObject(value) && Object.keys(value).length === 1 ? { ok: true, value } : not('it has no single root')
  } catch {
    return not(`it is nested deeper than ${maxDepth} levels, or holds what cannot be resolved`)
  }
}

/** The element at a pointer such as `/Answer/Result`, in the types that a schema declares; undefined where there is none. */
export function elementAt(tree: JsonObject, pointer: string, schema: JsonObject): Json | undefined {
  let found: Json | undefined = tree
  for (const name of pointer.split('/').slice(1)) found = isObject(found) ? own(found, name) : undefined
  return found === undefined ? undefined : typed(schema, found)
}

/** XML has no types, and a list of one looks like none: the schema says what is one. What does not fit stays as it is, and is refused by it. */
function typed(schema: JsonObject, value: Json): Json {
  const { type } = schema
  if (type === 'array') {
    const items = isObject(schema.items) ? schema.items : {}
    const list: readonly Json[] = Array.isArray(value) ? value : value === '' ? [] : [value]
    return list.map((one) => typed(items, one))
  }
  if (type === 'object') {
    const properties = isObject(schema.properties) ? schema.properties : {}
    if (value === '') return {}
    if (!isObject(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const declared = own(properties, name)
        return [name, isObject(declared) ? typed(declared, member) : member]
      }),
    )
  }
  if (typeof value !== 'string') return value
  if (type === 'integer' && /^-?\d{1,15}$/.test(value)) return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}
