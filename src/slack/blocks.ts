/** Text of Slack. Hostile text is only ever `plain_text`, where nothing is interpreted; `mrkdwn` is what we wrote. */
export type Text =
  | { readonly type: 'plain_text'; readonly text: string; readonly emoji: false }
  | { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true }
type Plain = Extract<Text, { type: 'plain_text' }>

export interface Button {
  readonly type: 'button'
  readonly action_id: string
  readonly text: Plain
  readonly value: string
  readonly style?: 'primary' | 'danger'
}

/** The blocks we use, in the form of Block Kit. */
export type Block =
  | { readonly type: 'header'; readonly text: Plain }
  | { readonly type: 'section'; readonly block_id?: string; readonly text: Text }
  | { readonly type: 'context'; readonly elements: Text[] }
  | { readonly type: 'actions'; readonly block_id: string; readonly elements: Button[] }
  | { readonly type: 'divider' }
  | {
      readonly type: 'input'
      readonly block_id: string
      readonly optional: boolean
      readonly label: Plain
      readonly element: {
        readonly type: 'plain_text_input'
        readonly action_id: string
        readonly multiline: true
        readonly max_length: number
        readonly placeholder: Plain
      }
    }

/** A modal, in the form of views.open. */
export interface Modal {
  readonly type: 'modal'
  readonly callback_id: string
  readonly private_metadata: string
  readonly title: Plain
  readonly submit?: Plain
  readonly close: Plain
  readonly blocks: Block[]
}

/** A message: blocks, and the text for notifications and screen readers. */
export interface Message {
  readonly text: string
  readonly blocks: Block[]
}

/** Text without markup. */
export const plainText = (text: string): Plain => ({ type: 'plain_text', text, emoji: false })
/** Our own words with markup; what others wrote goes through `harmless` first. */
export const mrkdwn = (text: string): Text => ({ type: 'mrkdwn', text, verbatim: true })

/** Every text that stands in a block. */
export function textsOf(block: Block): readonly Text[] {
  switch (block.type) {
    case 'header':
    case 'section':
      return [block.text]
    case 'context':
      return block.elements
    case 'actions':
      return block.elements.map((one) => one.text)
    case 'input':
      return [block.label, block.element.placeholder]
    case 'divider':
      return []
  }
}
