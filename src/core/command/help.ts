import type { UnknownVerb, Verb } from './command.ts'
import type { Rights } from './team.ts'
import { usageOf, verbTable } from './verb-table.ts'

/** A line of the help: how a verb is written, what it does, who may, and a command to copy. */
export interface HelpRow {
  readonly verb: Verb
  readonly usage: string
  readonly does: string
  readonly who: string
  readonly example: string
}

/** The help as data, with the rights as the team has them. */
export function helpRows(rights: Rights): readonly HelpRow[] {
  return verbTable.map(({ verb, does, example }) => ({
    verb,
    usage: usageOf(verb),
    does,
    who: whoMay(rights, verb),
    example,
  }))
}

/** `responder, incident-lead`. */
export function whoMay(rights: Rights, verb: Verb): string {
  const roles = rights[verb]
  if (roles === null) return 'whom the approval names'
  return roles.length === 0 ? 'everybody in the team' : roles.join(', ')
}

/** The help as a table in GitHub's Markdown. Verbs in it are in code spans and stand in cells, so that it is never read as commands. */
export function helpMarkdown(rights: Rights): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  const span = (text: string) => `\`${text.replaceAll('|', '\\|').replaceAll('`', "'")}\``
  return [
    '| say | it | who may | for example |',
    '| --- | --- | --- | --- |',
    ...helpRows(rights).map(
      ({ usage, does, who, example }) => `| ${span(usage)} | ${cell(does)} | ${cell(who)} | ${span(example)} |`,
    ),
  ].join('\n')
}

/** The help as lines of plain text, or of one verb everything. */
export function helpText(rights: Rights, about: Verb | null = null): readonly string[] {
  const rows = helpRows(rights)
  const one = rows.find((row) => row.verb === about)
  if (one !== undefined) return [`${one.usage}: ${one.does}`, `who may: ${one.who}`, `for example: ${one.example}`]
  return rows.map(({ usage, does }) => `${usage}: ${does}`)
}

/** What is answered to words that are no verbs. */
export function unknownText(unknown: readonly UnknownVerb[]): readonly string[] {
  return unknown.map(
    ({ word, nearest }) =>
      `there is no command "${word}"${nearest === null ? '' : `: did you mean /${nearest}?`} /help shows all of them`,
  )
}
