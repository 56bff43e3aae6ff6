import { type Block, type Modal, mrkdwn, textsOf } from './blocks.ts'
import { limits } from './limits.ts'

/** A part of a message that stays or goes as a whole. */
export interface Part {
  readonly blocks: readonly Block[]
  /** What it is, for the sentence about what was left out, e.g. `approvals`; null = it is never left out. */
  readonly what: string | null
}

/**
 * The blocks of the parts, in order, as many as a message takes. Of parts that may go, the later ones go first, and a
 * sentence counts them.
 */
export function fitBlocks(parts: readonly Part[], where: string): Block[] {
  const sentence = (left: readonly string[]): Block => ({
    type: 'context',
    elements: [
      mrkdwn(
        `Left out, because Slack takes no more: ${[...new Set(left)].map((what) => `${left.filter((one) => one === what).length} ${what}`).join(', ')}. ${where}`,
      ),
    ],
  })
  const kept = parts.map((part) => part.what === null)
  const room = () => {
    const left = parts.flatMap((part, n) => (kept[n] || part.what === null ? [] : [part.what]))
    const blocks = parts.flatMap((part, n) => (kept[n] ? part.blocks : []))
    return left.length === 0 ? [...blocks] : [...blocks, sentence(left)]
  }
  for (const [n, part] of parts.entries()) {
    if (part.what === null) continue
    kept[n] = true
    const blocks = room()
    if (blocks.length > limits.blocksInMessage - 1 || sizeOf(blocks) > limits.messageTotal - 500) kept[n] = false
  }
  return room()
}

const sizeOf = (blocks: readonly Block[]) => blocks.flatMap(textsOf).reduce((sum, text) => sum + text.text.length, 0)

/** What Slack would refuse about the blocks of a message; empty when nothing. */
export function messageFaults(blocks: readonly Block[]): readonly string[] {
  return [
    ...over('blocks', blocks.length, limits.blocksInMessage),
    ...over('all texts together', sizeOf(blocks), limits.messageTotal),
    ...blocks.flatMap(blockFaults),
    ...repeated(blocks),
  ]
}

/** What Slack would refuse about a modal; empty when nothing. */
export function modalFaults(modal: Modal): readonly string[] {
  return [
    ...over('blocks', modal.blocks.length, limits.blocksInModal),
    ...over('title', modal.title.text.length, limits.modalTitle),
    ...over('submit', modal.submit?.text.length ?? 0, limits.modalButton),
    ...over('close', modal.close.text.length, limits.modalButton),
    ...over('callback_id', modal.callback_id.length, limits.callbackId),
    ...over('private_metadata', modal.private_metadata.length, limits.privateMetadata),
    ...modal.blocks.flatMap(blockFaults),
    ...repeated(modal.blocks),
  ]
}

function blockFaults(block: Block): readonly string[] {
  const empty = textsOf(block).some((text) => text.text === '') ? [`a ${block.type} has an empty text`] : []
  const id = 'block_id' in block ? over('block_id', block.block_id?.length ?? 0, limits.blockId) : []
  switch (block.type) {
    case 'header':
      return [...empty, ...over('header', block.text.text.length, limits.header)]
    case 'section':
      return [...empty, ...id, ...over('section', block.text.text.length, limits.sectionText)]
    case 'context':
      return [
        ...empty,
        ...over('elements of a context', block.elements.length, limits.contextElements),
        ...block.elements.flatMap((one) => over('context', one.text.length, limits.contextText)),
        ...(block.elements.length === 0 ? ['a context has no elements'] : []),
      ]
    case 'actions':
      return [
        ...empty,
        ...id,
        ...over('buttons', block.elements.length, limits.actionsElements),
        ...(block.elements.length === 0 ? ['an actions block has no buttons'] : []),
        ...block.elements.flatMap((one) => [
          ...over('button', one.text.text.length, limits.buttonText),
          ...over('value', one.value.length, limits.buttonValue),
          ...over('action_id', one.action_id.length, limits.actionId),
        ]),
      ]
    case 'input':
      return [
        ...empty,
        ...id,
        ...over('label', block.label.text.length, limits.inputLabel),
        ...over('placeholder', block.element.placeholder.text.length, limits.placeholder),
        ...over('max_length', block.element.max_length, limits.inputText),
      ]
    case 'divider':
      return []
  }
}

const over = (what: string, size: number, limit: number): readonly string[] =>
  size > limit ? [`${what}: ${size}, Slack takes ${limit}`] : []

function repeated(blocks: readonly Block[]): readonly string[] {
  const ids = blocks.flatMap((block) => ('block_id' in block && block.block_id !== undefined ? [block.block_id] : []))
  return new Set(ids).size === ids.length ? [] : ['two blocks have the same block_id']
}
