/**
 * What Slack takes, in characters or items; larger ones are refused with `invalid_blocks`. From the doc comments of
 * `@slack/types` 3.2.0 (dist/block-kit, dist/views), which repeat docs.slack.dev/reference/block-kit; 50 blocks in a
 * message from `slack_sdk/models/blocks` and the reference page of chat.postMessage.
 */
export const limits = {
  blocksInMessage: 50,
  blocksInModal: 100,
  blockId: 255,
  header: 150,
  sectionText: 3000,
  contextElements: 10,
  contextText: 2000,
  actionsElements: 25,
  actionId: 255,
  buttonText: 75,
  buttonValue: 2000,
  inputLabel: 2000,
  placeholder: 150,
  inputText: 3000,
  modalTitle: 24,
  modalButton: 24,
  callbackId: 255,
  privateMetadata: 3000,
  /** The text beside the blocks: more than 4,000 is advised against, 40,000 is cut (chat.postMessage). */
  messageText: 4000,
  /**
   * All texts of a message's blocks together. Documented nowhere; slackapi/bolt-js issue 2509 found `msg_blocks_too_long`
   * from about 13,200 characters on, so we stay below.
   */
  messageTotal: 12_000,
} as const
