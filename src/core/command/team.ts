import { type Document, isObject, type Problem, problem, type Result } from '../model/index.ts'
import { type Verb, verbs } from './command.ts'
import { verbTable } from './verb-table.ts'

/** Somebody who works here. */
export interface Analyst {
  /** What stands in timelines and the audit. */
  readonly id: string
  /** In lower case. */
  readonly email: string
  /** The login, in lower case. */
  readonly github: string | null
  /** The member id, `U…`. */
  readonly slack: string | null
  readonly roles: readonly string[]
}

/** A team on GitHub whose members have these roles as long as they are members. */
export interface GithubTeam {
  /** The slug, in lower case. */
  readonly github: string
  readonly roles: readonly string[]
}

/** Roles of which one is enough for a verb; empty = whoever is known; null = each approval names its own. */
export type Rights = Readonly<Record<Verb, readonly string[] | null>>

/** Who works here, and who may say what. */
export interface Team {
  readonly analysts: readonly Analyst[]
  readonly teams: readonly GithubTeam[]
  readonly rights: Rights
}

/** What one file of `rules/team/` says. */
export interface TeamFile extends Omit<Team, 'rights'> {
  readonly rights: Partial<Rights>
  readonly document: Document
}

const defaults = Object.fromEntries(verbTable.map(({ verb, roles }) => [verb, roles])) as Rights

/** Nobody, with the rights of the verbs as they are by default. */
export const noTeam: Team = { analysts: [], teams: [], rights: defaults }

/** Reads a file that has passed its schema. */
export function compileTeam(document: Document): Result<TeamFile> {
  const { analysts, teams, verbs: rights } = document.value
  const lower = (value: unknown) => (typeof value === 'string' ? value.toLowerCase() : null)
  return {
    ok: true,
    value: {
      document,
      analysts: listOf(analysts).map((one) => ({
        id: String(one.id),
        email: String(one.email).toLowerCase(),
        github: lower(one.github),
        slack: typeof one.slack === 'string' ? one.slack : null,
        roles: textsOf(one.roles),
      })),
      teams: listOf(teams).map((one) => ({ github: String(one.github).toLowerCase(), roles: textsOf(one.roles) })),
      rights: isObject(rights)
        ? Object.fromEntries(
            verbs.flatMap((verb) => (rights[verb] === undefined ? [] : [[verb, textsOf(rights[verb])] as const])),
          )
        : {},
    },
  }
}

/**
 * All files of a commit as one team. Nobody may be named twice, by no name that a person can have, and no verb's rights be given in
 * two files: which of them holds could not be told.
 */
export function joinTeam(files: readonly TeamFile[]): { readonly team: Team; readonly problems: readonly Problem[] } {
  const problems: Problem[] = []
  const seen = new Map<string, string>()
  const once = (key: string, what: string, file: TeamFile, path: readonly (string | number)[]) => {
    const place = file.document.place(path)
    const first = seen.get(key)
    if (first === undefined) seen.set(key, `${place.file}:${place.line}`)
    else
      problems.push(
        problem('team/twice', `${what} is used at ${first} too`, place, 'each name stands for one person or team'),
      )
  }
  for (const file of files) {
    for (const [index, one] of file.analysts.entries()) {
      const path = ['analysts', index]
      // An id may be a person's own login or address, but nobody else's.
      const names = new Set([one.id.toLowerCase(), one.email, ...(one.github === null ? [] : [one.github])])
      for (const name of names) once(`person ${name}`, `"${name}"`, file, path)
      if (one.slack !== null) once(`slack ${one.slack}`, `"${one.slack}"`, file, path)
    }
    for (const [index, one] of file.teams.entries())
      once(`team ${one.github}`, `the team "${one.github}"`, file, ['teams', index])
    for (const verb of Object.keys(file.rights)) once(`verb ${verb}`, `the verb "${verb}"`, file, ['verbs', verb])
  }
  const team: Team = {
    analysts: files.flatMap((one) => one.analysts),
    teams: files.flatMap((one) => one.teams),
    rights: Object.assign({}, defaults, ...files.map((one) => one.rights)) as Rights,
  }
  return { team, problems }
}

/** How a platform names a person: by login, mail address or member id, never by a name that people choose for themselves. */
export interface PlatformName {
  readonly github?: string
  readonly email?: string
  readonly slack?: string
}

/** The analyst whom a platform names so; null when the team has none. Every given name is tried, the member id and login first. */
export function analystOf(team: Team, name: PlatformName): Analyst | null {
  const github = name.github?.toLowerCase()
  const email = name.email?.toLowerCase()
  return (
    team.analysts.find((one) => name.slack !== undefined && one.slack === name.slack) ??
    team.analysts.find((one) => github !== undefined && one.github === github) ??
    team.analysts.find((one) => email !== undefined && email !== '' && one.email === email) ??
    null
  )
}

/** The analyst whom somebody means by an id, `@login`, mail address or Slack mention; null when the team has none. */
export function analystNamed(team: Pick<Team, 'analysts'>, said: string): Analyst | null {
  const slack = /^<@([A-Z0-9]{2,30})(?:\|[^>]{0,100})?>$/.exec(said)?.[1]
  if (slack !== undefined) return team.analysts.find((one) => one.slack === slack) ?? null
  const name = said.replace(/^@/, '').toLowerCase()
  if (name === '') return null
  return (
    team.analysts.find((one) => [one.id.toLowerCase(), one.email, one.github].some((known) => known === name)) ?? null
  )
}

/** The roles of an analyst together with those of the GitHub teams that the platform confirms right now, by slug. */
export function rolesOf(team: Team, analyst: Analyst | null, memberOf: readonly string[]): readonly string[] {
  const slugs = new Set(memberOf.map((one) => one.toLowerCase()))
  return [
    ...new Set([
      ...(analyst?.roles ?? []),
      ...team.teams.filter((one) => slugs.has(one.github)).flatMap((one) => one.roles),
    ]),
  ]
}

const listOf = (value: unknown) => (Array.isArray(value) ? value.filter(isObject) : [])
const textsOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
