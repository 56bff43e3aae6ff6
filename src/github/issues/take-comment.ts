import { perform } from '../../chatops/index.ts'
import { type Command, readCommands } from '../../core/command/index.ts'
import type { Bundle } from '../../core/content/index.ts'
import { waitForTurn } from '../../ingest/index.ts'
import { findByOutside, send } from '../../projection/index.ts'
import type { Store } from '../../store/index.ts'
import { type Answered, answerText } from './answer-text.ts'
import type { GithubCalls } from './github-calls.ts'
import { takeOnce, wasHandled } from './handled.ts'
import { fieldOf, keepHeard } from './last-change.ts'
import type { RemoteComment } from './remote-issue.ts'
import { speakerOf } from './speaker-of.ts'
import { within } from './within.ts'
import type { IssueMessage } from './write-answer.ts'

export interface TakeParts {
  readonly store: Store
  readonly calls: GithubCalls
  /** The content that is live: its team says who people are and what they may. */
  readonly bundle: () => Bundle
  readonly clock: () => number
}

/** What was said longer ago is not taken for a command any more. */
const oldestMs = 7 * 86_400_000

/**
 * Does what a comment under an incident's issue asks for, once, and leaves one answer to all of it. Comments of machines, our own
 * among them, and comments without commands are passed over; one that was edited before we saw it counts for nothing, and is told so.
 */
export async function takeComment(parts: TakeParts, comment: RemoteComment, issue: number): Promise<void> {
  const { store, calls, bundle, clock } = parts
  if (comment.author === null || comment.author.isBot) return
  const read = readCommands(comment.body)
  if (read.commands.length + read.unknown.length === 0 || comment.createdAt < clock() - oldestMs) return
  const key = `comment/${comment.id}`
  const incident = await store.transaction(async (tx) =>
    (await wasHandled(tx, [key])) ? null : ((await findByOutside(tx, 'github', 'issue', issue))?.incident ?? null),
  )
  if (incident === null) return
  const isEdited = comment.updatedAt > comment.createdAt
  // Asked of GitHub now, for this comment: somebody who left the team a minute ago has no say any more.
  const speaker = isEdited ? null : await speakerOf(calls, bundle().team, comment.author.login)
  await store.transaction(async (tx) => {
    const at = clock()
    // Who regroups incidents takes the turn of the pipeline, and takes it before everything else.
    if (read.commands.some(({ verb }) => verb === 'merge' || verb === 'split')) await waitForTurn(tx)
    if (!(await takeOnce(tx, key, at))) return
    const said: Answered[] = []
    for (const command of read.commands) {
      const reply =
        speaker === null
          ? { ok: false, lines: ['edited comments do not count: write a new one'], changed: false }
          : await perform({ store: within(store, tx), bundle }, { command, speaker, incident, at })
      const field = reply.changed ? fieldOf(command) : null
      if (field !== null) await keepHeard(tx, incident, field, { at: comment.createdAt, recordedAt: at })
      said.push({
        verb: verbOf(command),
        reply,
        ...(isHelp(command) && reply.ok ? { help: bundle().team.rights } : {}),
      })
    }
    const ok = read.unknown.length === 0 && said.every((one) => one.reply.ok)
    const text = answerText(key, said, read.unknown, read.left)
    const body: IssueMessage = { kind: 'answer', issue, text, comment: comment.id, ok }
    await send(tx, 'github', { key, body: { ...body }, rank: 0, at })
  })
}

const verbOf = (command: Command) => (command.verb === 'unclear' ? command.of : command.verb)
const isHelp = (command: Command) => command.verb === 'help' && command.about === null
