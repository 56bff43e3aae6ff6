import type { Verb } from './command.ts'

/** What is said of a verb, and who may use it unless the team's file says otherwise. */
export interface VerbEntry {
  readonly verb: Verb
  /** What follows the verb; brackets = may be left out. */
  readonly takes: string
  readonly does: string
  /** A whole command that {@link readCommands} takes. */
  readonly example: string
  /** Roles of which one is enough; empty = whoever gitsoc knows; null = each approval names its own. */
  readonly roles: readonly string[] | null
}

const work = ['analyst', 'responder', 'incident-lead'] as const
const respond = ['responder', 'incident-lead'] as const
const anybody: readonly string[] = []

/** All verbs, in the order of the help. Help, rights and examples come from here alone. */
export const verbTable: readonly VerbEntry[] = [
  {
    verb: 'approve',
    takes: '[approval] [reason]',
    does: 'lets the machine do exactly what was shown; of a question: the answer',
    example: '/approve ap-4kq7 the owner confirmed it by phone',
    roles: null,
  },
  {
    verb: 'deny',
    takes: '[approval] reason',
    does: 'keeps it from being done',
    example: '/deny ap-4kq7 this is the backup server',
    roles: null,
  },
  { verb: 'ack', takes: '[reason]', does: 'acknowledges the incident and takes it', example: '/ack', roles: work },
  {
    verb: 'assign',
    takes: 'me, somebody or nobody',
    does: 'gives the incident to somebody of the team',
    example: '/assign me',
    roles: work,
  },
  {
    verb: 'milestone',
    takes: 'name or none',
    does: 'names what it is worked off under with others: a campaign, an exercise, a deadline',
    example: '/milestone phishing wave of May',
    roles: work,
  },
  {
    verb: 'status',
    takes: '[acknowledged, contained or resolved] [reason]',
    does: 'shows how things stand, or says how they do',
    example: '/status contained the key is off',
    roles: anybody,
  },
  {
    verb: 'severity',
    takes: 'low, medium, high, critical or machine, reason',
    does: "puts a person's severity before the machine's, or takes it back",
    example: '/severity high it is the payroll host',
    roles: work,
  },
  {
    verb: 'verdict',
    takes: 'true-positive, benign-positive, false-positive or undetermined, [reason]',
    does: 'judges the incident',
    example: '/verdict benign-positive announced test',
    roles: work,
  },
  {
    verb: 'note',
    takes: 'text',
    does: 'writes something into the story',
    example: '/note called the owner, no answer',
    roles: work,
  },
  {
    verb: 'task',
    takes: 'title, or done or reopen with a number',
    does: 'adds a task, finishes one, or opens it again',
    example: '/task done 2',
    roles: work,
  },
  {
    verb: 'run',
    takes: 'playbook [name=value ...] [reason]',
    does: 'starts a playbook that may be started by hand',
    example: '/run contain-host host=ws-12 "seen on the console"',
    roles: respond,
  },
  {
    verb: 'cancel',
    takes: '[run or playbook] [reason]',
    does: 'ends a run; what it did stays',
    example: '/cancel contain-host wrong machine',
    roles: respond,
  },
  {
    verb: 'rollback',
    takes: '[run or playbook] [reason]',
    does: 'ends a run and takes back what it did',
    example: '/rollback contain-host wrong machine',
    roles: respond,
  },
  {
    verb: 'merge',
    takes: 'incident [reason]',
    does: 'makes this and another incident one; the older goes on',
    example: '/merge INC-4 same stolen key',
    roles: respond,
  },
  {
    verb: 'split',
    takes: 'alert [alert ...] reason',
    does: 'gives alerts an incident of their own',
    example: '/split al-7h2m al-9c4x another user',
    roles: respond,
  },
  {
    verb: 'indicator',
    takes: 'value [type] [days such as 30d] reason',
    does: 'puts a value on the list of what is malicious; scores count it from then on',
    example: '/indicator 198.51.100.7 ip 30d command server of this incident',
    roles: respond,
  },
  {
    verb: 'similar',
    takes: '',
    does: 'finds incidents that are alike and says why',
    example: '/similar',
    roles: anybody,
  },
  { verb: 'why', takes: '', does: 'says why this is an incident of this score', example: '/why', roles: anybody },
  {
    verb: 'timeline',
    takes: '[how many]',
    does: 'shows the newest entries of the story',
    example: '/timeline 20',
    roles: anybody,
  },
  {
    verb: 'close',
    takes: '[verdict] [reason]',
    does: 'closes the incident; it needs a verdict, now or before',
    example: '/close false-positive the scanner of the audit',
    roles: work,
  },
  { verb: 'help', takes: '[verb]', does: 'shows what can be said', example: '/help close', roles: anybody },
]

/** The entry of a verb. */
export function verbEntry(verb: Verb): VerbEntry {
  return verbTable.find((one) => one.verb === verb) as VerbEntry
}

/** How a verb is written, as in `/deny [approval] reason`. */
export function usageOf(verb: Verb): string {
  const { takes } = verbEntry(verb)
  return takes === '' ? `/${verb}` : `/${verb} ${takes}`
}
