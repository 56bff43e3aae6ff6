import { App, type Receiver } from '@slack/bolt'
import { type ChatParts, perform } from '../chatops/index.ts'
import { readCommand } from '../core/command/index.ts'
import { answerOpened, shownApproval } from './answer-click.ts'
import { approvalModal, noticeModal, openedOf, reasonField, shownOf } from './approval-blocks.ts'
import type { Modal } from './blocks.ts'
import { callMs, clientOptions, quietLogger, type SlackClient } from './client.ts'
import { modalFaults } from './fit-blocks.ts'
import { harmless } from './harmless.ts'
import { isFirst } from './heard.ts'
import { replyMessage } from './reply-message.ts'
import type { SlackSettings } from './settings.ts'
import { type WhoIsParts, whoIs } from './who-is.ts'

export interface AppParts extends ChatParts, Omit<WhoIsParts, 'workspace' | 'team'> {
  readonly settings: SlackSettings
  readonly client: SlackClient
  readonly log: (message: string) => void
}

const buttons = /^(approve|deny|choose-\d{1,3})$/

/**
 * The Bolt app: buttons open a modal, the modal answers, `/soc` does what comments do. Everything is acknowledged at once and
 * done after that; what came of it only the person sees.
 */
export function createApp(parts: AppParts, receiver: Receiver): App {
  const { settings, client, store, bundle, clock, log } = parts
  const app = new App({
    receiver,
    // A fixed answer: Bolt's own asks auth.test, and every click would fail as long as that does.
    authorize: async () => ({ botToken: settings.botToken }),
    clientOptions: clientOptions(settings, log),
    logger: quietLogger(log),
    ignoreSelf: false,
  })
  const who = (user: string, team: string | undefined) =>
    whoIs({ ...parts, workspace: settings.team, team: () => bundle().team }, user, team)

  const tell = async (channel: string, user: string, sentence: string) => {
    const { text, blocks } = replyMessage([sentence])
    await client.chat
      .postEphemeral({ channel, user, text, blocks })
      .catch((error: unknown) => log(`slack: an answer could not be shown: ${(error as Error).message}`))
  }

  app.action(buttons, async ({ ack, body, action }) => {
    await ack()
    const shown = 'value' in action ? shownOf(action.value) : null
    const trigger = 'trigger_id' in body ? body.trigger_id : undefined
    const channel = body.channel?.id
    if (trigger === undefined || channel === undefined) return
    const found = shown === null ? null : await shownApproval(parts, shown, clock())
    let modal: Modal = noticeModal('This button is not one of ours.')
    if (found !== null && shown !== null)
      modal = found.ok ? approvalModal(found.approval, { ...shown, channel }) : noticeModal(found.why)
    const faults = modalFaults(modal)
    if (faults.length > 0) {
      log(`slack: a modal is not one that Slack takes: ${faults.join('; ')}`)
      modal = noticeModal('This is too long for Slack: answer it with gitsoc approvals in the terminal.')
    }
    await client.views.open({ trigger_id: trigger, view: modal })
  })

  app.view('approval', async ({ ack, body, view }) => {
    const opened = openedOf(view.private_metadata)
    const reason = view.state.values[reasonField.block]?.[reasonField.action]?.value?.trim() ?? ''
    if (opened?.answer === 'deny' && reason === '') {
      await ack({ response_action: 'errors', errors: { [reasonField.block]: 'A denial needs a reason.' } })
      return
    }
    await ack()
    if (opened === null) return
    const answer = async (): Promise<string | null> => {
      if (!(await isFirst(store, body, clock()))) return null
      const said = await who(body.user.id, body.team?.id ?? body.user.team_id)
      if (!said.ok) return `Your answer does not count: ${said.why}.`
      const answered = await answerOpened(parts, opened, { speaker: said.speaker, reason, at: clock() })
      return said.note === null ? answered : `${answered} ${said.note}`
    }
    const sentence = await answer().catch((error: unknown) => {
      log(`slack: an answer could not be recorded: ${(error as Error).message}`)
      return 'This could not be recorded now. Look at the message, and answer again if it still asks.'
    })
    if (sentence !== null) await tell(opened.channel, body.user.id, sentence)
  })

  app.command(/.*/, async ({ ack, body }) => {
    await ack()
    const said = async (): Promise<readonly string[] | null> => {
      if (!(await isFirst(store, body, clock()))) return null
      const person = await who(body.user_id, body.team_id)
      if (!person.ok) return [`Nothing was done: ${person.why}.`]
      const lines = await commandLines(parts, body.text, person.speaker, clock())
      return person.note === null ? lines : [...lines, person.note]
    }
    const lines = await said().catch((error: unknown) => {
      log(`slack: a command could not be done: ${(error as Error).message}`)
      return ['This could not be done now. Look at the incident before you ask again.']
    })
    if (lines !== null) await respond(body.response_url, lines)
  })

  /** Answers at the address that came with a signed command, only if it is Slack's. */
  const respond = async (url: string, lines: readonly string[]) => {
    const { text, blocks } = replyMessage(lines)
    if (!isSlackUrl(url, settings.apiUrl)) return
    await fetch(url, {
      method: 'POST',
      redirect: 'error',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ response_type: 'ephemeral', text, blocks }),
      signal: AbortSignal.timeout(callMs),
    }).catch((error: unknown) => log(`slack: an answer could not be shown: ${(error as Error).message}`))
  }

  app.view('notice', ({ ack }) => ack())
  // What nobody handles is answered all the same: Bolt would answer 404 after three seconds, and Slack show an error.
  app.action(/^(?!(?:approve|deny|choose-\d{1,3})$)/, ({ ack }) => ack())
  app.view(/^(?!(?:approval|notice)$)/, ({ ack }) => ack())
  app.shortcut(/.*/, ({ ack }) => ack())
  app.error(async (error) => log(`slack: ${harmless(error.message, 300)}`))
  return app
}

async function commandLines(
  parts: ChatParts,
  text: string,
  speaker: Parameters<typeof perform>[1]['speaker'],
  at: number,
): Promise<readonly string[]> {
  const read = readCommand(text)
  if (read.kind === 'unknown')
    return [
      `There is no command ${read.word === '' ? 'like that' : `"${read.word}"`}${read.nearest === null ? '' : `: did you mean /soc ${read.nearest}?`}`,
      '/soc help lists what can be asked.',
    ]
  return (await perform(parts, { command: read.command, speaker, incident: read.incident, at })).lines
}

function isSlackUrl(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false
  const { origin } = new URL(url)
  return origin === 'https://hooks.slack.com' || origin === new URL(apiUrl).origin
}
