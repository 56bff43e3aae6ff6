export { type Command, type SettableStatus, type UnknownVerb, type Verb, verbs } from './command.ts'
export { type HelpRow, helpMarkdown, helpRows, helpText, unknownText, whoMay } from './help.ts'
export { incidentNumber } from './read-arguments.ts'
export {
  maxCommands,
  nearestVerb,
  type ReadCommand,
  type ReadCommands,
  readCommand,
  readCommands,
} from './read-commands.ts'
export {
  type Analyst,
  analystNamed,
  analystOf,
  compileTeam,
  type GithubTeam,
  joinTeam,
  noTeam,
  type PlatformName,
  type Rights,
  rolesOf,
  type Team,
  type TeamFile,
} from './team.ts'
export { usageOf, type VerbEntry, verbEntry, verbTable } from './verb-table.ts'
