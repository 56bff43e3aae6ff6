import { type Command, helpText, type Rights, usageOf, type Verb, whoMay } from '../core/command/index.ts'
import type { IncidentNumber } from '../core/model/index.ts'
import { answer } from './answer.ts'
import type { ChatParts } from './ask.ts'
import { change } from './change.ts'
import { nameIndicator } from './indicator.ts'
import { alertLines, mergeIncidents, splitIncident } from './regroup.ts'
import { type Reply, refused, shown } from './reply.ts'
import { endRun, startPlaybook } from './run.ts'
import { showStatus, showTimeline, showWhy } from './show.ts'
import { showSimilar } from './similar.ts'
import { isBot, type Speaker } from './speaker.ts'

/** A command with who said it, where and when (epoch milliseconds); `incident` is null where none is known. */
export interface Said {
  readonly command: Command
  readonly speaker: Speaker
  readonly incident: IncidentNumber | null
  readonly at: number
}

/**
 * Does what was said, if the speaker may, and answers what happened or what is missing and how to write it. Rights are those of the
 * team that is live and the roles that the speaker has at this moment. Machines are refused.
 */
export async function perform(parts: ChatParts, said: Said): Promise<Reply> {
  const { command, speaker, incident } = said
  if (speaker.actor.trim() === '') return refused('nobody is named as saying this')
  if (isBot(speaker.actor)) return refused('what a machine says is no command')
  const { rights } = parts.bundle().team
  if (command.verb === 'unclear') {
    const isChoice = command.of === 'split' && incident !== null && mayNot(rights, 'split', speaker) === null
    const choice = isChoice ? await alertLines(parts.store, incident) : []
    const usage = usageOf(command.of)
    const how = command.problem.includes(usage) ? [] : [`how it is written: ${usage}`]
    return refused(command.problem, ...how, ...choice)
  }
  if (command.verb === 'help') return shown(helpText(rights, command.about))
  const fault = mayNot(rights, rightOf(command), speaker)
  if (fault !== null) return refused(fault)
  if (command.verb === 'approve' || command.verb === 'deny') return answer(parts, command, said)
  if (incident === null) return refused(`which incident is meant? Write it before the verb: INC-17 ${command.verb}`)
  return performOn(parts, command, { ...said, incident })
}

async function performOn(
  parts: ChatParts,
  command: Exclude<Command, { readonly verb: 'unclear' | 'help' | 'approve' | 'deny' }>,
  said: Omit<Said, 'incident'> & { readonly incident: IncidentNumber },
): Promise<Reply> {
  switch (command.verb) {
    case 'status':
      return command.status === null ? showStatus(parts.store, said.incident) : change(parts, command, said)
    case 'ack':
    case 'assign':
    case 'milestone':
    case 'severity':
    case 'verdict':
    case 'note':
    case 'task':
    case 'close':
      return change(parts, command, said)
    case 'why':
      return showWhy(parts.store, said.incident)
    case 'timeline':
      return showTimeline(parts.store, said.incident, command.count)
    case 'run':
      return startPlaybook(parts, command, said)
    case 'cancel':
    case 'rollback':
      return endRun(parts, command, said)
    case 'similar':
      return showSimilar(parts.store, said.incident)
    case 'indicator':
      return nameIndicator(parts.store, command, said)
    case 'merge':
      return mergeIncidents(parts, command, said)
    case 'split':
      return splitIncident(parts, command, said)
  }
}

/** Whose right a command needs: who says how things stand changes them as `/ack` does. */
function rightOf(command: Exclude<Command, { readonly verb: 'unclear' | 'help' }>): Verb {
  return command.verb === 'status' && command.status !== null ? 'ack' : command.verb
}

function mayNot(rights: Rights, verb: Verb, { roles }: Speaker): string | null {
  const needed = rights[verb]
  if (needed === null) return null
  if (needed.length === 0 ? roles.length > 0 : needed.some((one) => roles.includes(one))) return null
  const has = roles.length === 0 ? 'you have no role here' : `you have ${roles.join(', ')}`
  return `/${verb} needs ${needed.length === 0 ? 'a role in the team' : `one of the roles ${whoMay(rights, verb)}`}; ${has}`
}
