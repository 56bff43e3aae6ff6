import type { IncidentNumber, IncidentSeverity, IncidentStatus, ObservableType, Verdict } from '../model/index.ts'

/** What can be asked of gitsoc in words, in the order of the help. */
export const verbs = [
  'approve',
  'deny',
  'ack',
  'assign',
  'milestone',
  'status',
  'severity',
  'verdict',
  'note',
  'task',
  'run',
  'cancel',
  'rollback',
  'merge',
  'split',
  'indicator',
  'similar',
  'why',
  'timeline',
  'close',
  'help',
] as const
export type Verb = (typeof verbs)[number]

/**
 * What a person asked, read from words. Every text in it is data from outside: it names things and is shown, and is never a
 * template, path, query or command. `reason` is empty where none was given.
 */
export type Command =
  /** `approval` is the beginning of an id (`ap-…`) or of a digest; null = the only one that waits. */
  | { readonly verb: 'approve'; readonly approval: string | null; readonly reason: string }
  | { readonly verb: 'deny'; readonly approval: string | null; readonly reason: string }
  | { readonly verb: 'ack'; readonly reason: string }
  /** `to` is `me`, or how a person is named: id, `@login`, mail address, Slack mention; null = nobody. */
  | { readonly verb: 'assign'; readonly to: string | null }
  /** Null = none. */
  | { readonly verb: 'milestone'; readonly milestone: string | null }
  /** Null = show it. */
  | { readonly verb: 'status'; readonly status: SettableStatus | null; readonly reason: string }
  /** Null = what the machine says holds again. */
  | { readonly verb: 'severity'; readonly severity: IncidentSeverity | null; readonly reason: string }
  | { readonly verb: 'verdict'; readonly verdict: Verdict; readonly reason: string }
  | { readonly verb: 'note'; readonly text: string }
  | { readonly verb: 'task'; readonly title: string }
  | { readonly verb: 'task'; readonly n: number; readonly state: 'open' | 'done' }
  /** `inputs` as they were written, name and text; which type they have says the playbook. */
  | {
      readonly verb: 'run'
      readonly playbook: string
      readonly inputs: readonly (readonly [name: string, text: string])[]
      readonly reason: string
    }
  /** `run` is the beginning of an id (`run-…`) or a playbook's id; null = the only one there is. */
  | { readonly verb: 'cancel'; readonly run: string | null; readonly reason: string }
  | { readonly verb: 'rollback'; readonly run: string | null; readonly reason: string }
  | { readonly verb: 'merge'; readonly other: IncidentNumber; readonly reason: string }
  /** Beginnings of ids of alerts (`al-…`). */
  | { readonly verb: 'split'; readonly alerts: readonly string[]; readonly reason: string }
  /** `type` is null where the value's form has to say it; `days` null = until somebody removes it. */
  | {
      readonly verb: 'indicator'
      readonly value: string
      readonly type: ObservableType | null
      readonly days: number | null
      readonly reason: string
    }
  | { readonly verb: 'similar' }
  | { readonly verb: 'why' }
  /** How many entries, the newest. */
  | { readonly verb: 'timeline'; readonly count: number }
  | { readonly verb: 'close'; readonly verdict: Verdict | null; readonly reason: string }
  | { readonly verb: 'help'; readonly about: Verb | null }
  /** A verb whose words are not what it takes: what is missing, in a sentence. Nothing is done for it. */
  | { readonly verb: 'unclear'; readonly of: Verb; readonly problem: string }

export type SettableStatus = Exclude<IncidentStatus, 'new' | 'merged' | 'closed'>

/** A word that is no verb, cut and cleared of everything but letters, digits and hyphens; the verb it may have meant. */
export interface UnknownVerb {
  readonly word: string
  readonly nearest: Verb | null
}
