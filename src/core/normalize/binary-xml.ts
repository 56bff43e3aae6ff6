import { type BinaryValue, readValue } from './binary-xml-value.ts'

/** An element of binary XML, taken out of its template, with the values put in. */
export interface XmlElement {
  readonly name: string
  readonly attributes: readonly (readonly [name: string, value: string])[]
  readonly children: readonly (XmlElement | string)[]
}

/** Binary XML that is damaged or made to exhaust: nothing of the record can be trusted. */
export class BinaryXmlFault extends Error {}

/** What stands in a template where a record's value goes. */
interface Hole {
  readonly index: number
}
type Content = string | Hole | Shape | Template
interface Shape {
  readonly name: string
  readonly attributes: readonly (readonly [name: string, content: readonly Content[]])[]
  readonly children: readonly Content[]
}
/** A template with the values of one use of it. */
interface Template {
  readonly shape: Shape
  readonly values: readonly BinaryValue[]
}

const maxDepth = 32
const maxNested = 8
const maxNodes = 20_000
const maxCharacters = 2_000_000
const maxValues = 4_000

const flagged = 0x40
const endOfStream = 0x00
const openElement = 0x01
const closeStart = 0x02
const closeEmpty = 0x03
const closeElement = 0x04
const valueText = 0x05
const attribute = 0x06
const cdata = 0x07
const characterReference = 0x08
const entityReference = 0x09
const instructionTarget = 0x0a
const instructionData = 0x0b
const templateInstance = 0x0c
const substitution = 0x0d
const optionalSubstitution = 0x0e
const fragmentHeader = 0x0f
const embedded = 0x21

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/**
 * Binary XML of a chunk of a Windows event log: offsets count from the chunk's beginning, names and templates stand once
 * in it (format: Microsoft MS-EVEN6 2.2.12, and the description of libevtx). Depth, nodes and length are bounded: a
 * template may name a value often. Throws {@link BinaryXmlFault}.
 */
export function createBinaryXml(chunk: Uint8Array) {
  const bytes = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const templates = new Map<number, { shape: Shape; end: number }>()
  let at = 0
  let end = 0

  const need = (count: number) => {
    if (at + count > end) throw new BinaryXmlFault('it ends in the middle')
  }
  const u8 = () => {
    need(1)
    return bytes.getUint8(at++)
  }
  const u16 = () => {
    need(2)
    at += 2
    return bytes.getUint16(at - 2, true)
  }
  const u32 = () => {
    need(4)
    at += 4
    return bytes.getUint32(at - 4, true)
  }
  const text = (characters: number) => {
    need(characters * 2)
    at += characters * 2
    return utf16.decode(chunk.subarray(at - characters * 2, at))
  }
  /** Reads something that stands elsewhere in the chunk, and comes back. */
  const elsewhere = <T>(offset: number, read: () => T): T => {
    const before = { at, end }
    at = offset
    end = chunk.length
    const found = read()
    at = before.at
    end = before.end
    return found
  }

  const nameBody = () => {
    u32()
    u16()
    const name = text(u16())
    u16()
    return name
  }
  const name = () => {
    const offset = u32()
    return offset === at ? nameBody() : elsewhere(offset, nameBody)
  }

  const attributesOf = (depth: number): Shape['attributes'] => {
    const found: [string, readonly Content[]][] = []
    u32()
    while (at < end && (bytes.getUint8(at) & ~flagged) === attribute) {
      at++
      found.push([name(), contents(depth, true)])
    }
    return found
  }

  const element = (token: number, depth: number): Shape => {
    if (depth > maxDepth) throw new BinaryXmlFault(`it nests more than ${maxDepth} deep`)
    u16()
    u32()
    const own = name()
    const attributes = (token & flagged) === 0 ? [] : attributesOf(depth)
    const close = u8()
    if (close === closeEmpty) return { name: own, attributes, children: [] }
    if (close !== closeStart) throw new BinaryXmlFault('an element does not begin as it should')
    const children = contents(depth, false)
    if (u8() !== closeElement) throw new BinaryXmlFault('an element is not closed')
    return { name: own, attributes, children }
  }

  /** Text, holes and elements up to a token that ends them; of an attribute only text and holes. */
  const contents = (depth: number, textOnly: boolean): Content[] => {
    const found: Content[] = []
    for (;;) {
      if (at >= end) return found
      const token = bytes.getUint8(at)
      const kind = token & ~flagged
      if (kind === valueText) {
        at += 2
        found.push(text(u16()))
      } else if (kind === substitution || kind === optionalSubstitution) {
        at++
        found.push({ index: u16() })
        u8()
      } else if (kind === characterReference) {
        at++
        found.push(String.fromCharCode(u16()))
      } else if (kind === entityReference) {
        at++
        const entity = name()
        found.push(entities[entity] ?? `&${entity};`)
      } else if (textOnly) return found
      else if (kind === openElement) {
        at++
        found.push(element(token, depth + 1))
      } else if (kind === cdata) {
        at++
        found.push(text(u16()))
      } else if (kind === instructionTarget) {
        at++
        name()
      } else if (kind === instructionData) {
        at++
        text(u16())
      } else if (kind === templateInstance) {
        at++
        found.push(instance(depth))
      } else return found
      if (found.length > maxNodes) throw new BinaryXmlFault(`it has more than ${maxNodes} parts`)
    }
  }

  const definition = (offset: number, depth: number) => {
    const known = templates.get(offset)
    if (known !== undefined) return known
    const made = elsewhere(offset, () => {
      u32()
      at += 16
      const size = u32()
      const stop = at + size
      if (stop > chunk.length) throw new BinaryXmlFault('a template ends outside of the chunk')
      end = stop
      return { shape: fragment(depth), end: stop }
    })
    templates.set(offset, made)
    return made
  }

  const instance = (depth: number): Template => {
    u8()
    u32()
    const offset = u32()
    const inline = offset === at
    const found = definition(offset, depth)
    if (inline) at = found.end
    const count = u32()
    if (count > maxValues) throw new BinaryXmlFault(`it has more than ${maxValues} values`)
    const heads = Array.from({ length: count }, () => {
      const size = u16()
      const type = u8()
      u8()
      return { size, type }
    })
    const values = heads.map(({ size, type }): BinaryValue => {
      need(size)
      const start = at
      at += size
      return { type, start, end: at }
    })
    return { shape: found.shape, values }
  }

  /** A fragment is its header and one element, or one use of a template. */
  const fragment = (depth: number): Shape => {
    if (u8() !== fragmentHeader) throw new BinaryXmlFault('a fragment does not begin as it should')
    at += 3
    const found = contents(depth, false)
    if (at < end && bytes.getUint8(at) !== endOfStream) throw new BinaryXmlFault('a fragment does not end as it should')
    const [only] = found
    if (only === undefined || typeof only === 'string' || 'index' in only) throw new BinaryXmlFault('it has no element')
    return 'shape' in only ? { name: '', attributes: [], children: [only] } : only
  }

  return {
    /** The element that the bytes from `start` to before `stop` hold. */
    read(start: number, stop: number): XmlElement {
      at = start
      end = Math.min(stop, chunk.length)
      const budget = { nodes: maxNodes, characters: maxCharacters }
      const [only] = filled(fragment(0), [], budget, 0)
      if (only === undefined) throw new BinaryXmlFault('it has no element')
      return only
    },
  }

  /** The shape with values for its holes: one element, or those of the template that stands for it. */
  function filled(shape: Shape, values: readonly BinaryValue[], budget: Budget, nested: number): XmlElement[] {
    if (nested > maxNested) throw new BinaryXmlFault(`it nests more than ${maxNested} documents`)
    if (--budget.nodes < 0) throw new BinaryXmlFault(`it has more than ${maxNodes} elements`)
    const parts = (content: Content): (XmlElement | string)[] => {
      if (typeof content === 'string') return [spend(content, budget)]
      if ('shape' in content) return filled(content.shape, content.values, budget, nested + 1)
      if ('name' in content) return filled(content, values, budget, nested)
      const value = values[content.index]
      if (value === undefined) return []
      if (value.type === embedded) return document(value, budget, nested)
      return readValue(chunk, value).map((one) => spend(one, budget))
    }
    if (shape.name === '') return shape.children.flatMap(parts).filter((one) => typeof one !== 'string')
    const attributes = shape.attributes.flatMap(([name, content]) => {
      const texts = content.flatMap(parts).filter((one) => typeof one === 'string')
      return texts.length === 0 ? [] : [[name, texts.join('')] as const]
    })
    const [only] = shape.children
    // A list in the place of the only content stands for as many elements as it has members.
    const list = shape.children.length === 1 && only !== undefined && isHole(only) ? parts(only) : null
    if (list !== null && list.length > 1 && list.every((one) => typeof one === 'string'))
      return list.map((one) => ({ name: shape.name, attributes, children: [one] }))
    return [{ name: shape.name, attributes, children: list ?? shape.children.flatMap(parts) }]
  }

  function document(value: BinaryValue, budget: Budget, nested: number): XmlElement[] {
    if (value.start === value.end) return []
    const before = { at, end }
    at = value.start
    end = value.end
    const shape = fragment(0)
    at = before.at
    end = before.end
    return filled(shape, [], budget, nested + 1)
  }
}

interface Budget {
  nodes: number
  characters: number
}

const utf16 = new TextDecoder('utf-16le')
const isHole = (content: Content): content is Hole => typeof content === 'object' && 'index' in content

function spend(text: string, budget: Budget): string {
  budget.characters -= text.length
  if (budget.characters < 0) throw new BinaryXmlFault(`it has more than ${maxCharacters} characters`)
  return text
}
