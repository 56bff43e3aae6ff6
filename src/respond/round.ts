import { readIncidents } from '../cases/index.ts'
import type { Incident, IncidentNumber } from '../core/model/index.ts'
import type { AuditHead, Tx } from '../store/index.ts'
import { type KnownRun, readKnownRuns } from './known-run.ts'
import { lockIncidents } from './lock-story.ts'
import type { Live } from './make-effect.ts'
import { type Approval, readApprovalsOf } from './read-approvals.ts'
import { type KnownWaits, readWaits } from './read-waits.ts'
import { type Counted, type RecentEffects, readRecent } from './recent-effects.ts'
import { noWrites, type Writes } from './writes.ts'

/** What all turns of one transaction share. */
export interface RoundParts {
  /** The one time of everything that is done in it. */
  readonly at: number
  readonly replica: string
  readonly live: Live | undefined
  /** Where simulated effects leave their files. */
  readonly artifactsDir: string
}

/**
 * One transaction in which several runs take their turns: what is known of them was read together, what is read later is
 * read for all of them at once, and what they write is collected and written together by `writeRound`. A turn sees what
 * it and the turns before it have collected: they change what is known here too.
 */
export interface Round extends RoundParts {
  readonly tx: Tx
  readonly runs: ReadonlyMap<string, KnownRun>
  readonly incidents: ReadonlyMap<IncidentNumber, Incident>
  readonly writes: Writes
  /** Approvals and questions of these runs, by id. */
  readonly approvals: () => Promise<Map<string, Approval>>
  /** Waits of these runs and signals that nobody has taken. */
  readonly waits: () => Promise<KnownWaits>
  /** What this round has intended. */
  readonly intended: Counted[]
  /** What was done lately, for budgets, without what this round intends. */
  readonly recent: () => Promise<RecentEffects>
  /** Whether the stop switch is on. */
  readonly isStopped: boolean
  /** The end of the audit chain, which this transaction holds. */
  head: AuditHead
}

/**
 * Takes runs for their turns. The caller holds `head`: whoever holds the audit chain of a tenant is the only one who takes turns there, and no
 * merge moves what the incidents hold. A run that a merge gave to another incident meanwhile is left out.
 */
export async function openRound(
  tx: Tx,
  parts: RoundParts,
  head: AuditHead,
  wanted: readonly { readonly run: string; readonly incident: IncidentNumber }[],
): Promise<Round> {
  const numbers = [...new Set(wanted.map((one) => one.incident))]
  lockIncidents(tx, numbers)
  const ids = [...new Set(wanted.map((one) => one.run))]
  // Each sees what was committed before its own turn, and no merge changes either while the chain is held.
  const [{ runs: found, isStopped }, incidents] = await Promise.all([
    readKnownRuns(tx, ids),
    readIncidents(tx, numbers),
  ])
  const runs = new Map(found.filter((one) => numbers.includes(one.incident)).map((one) => [one.id, one]))
  const known = [...runs.keys()]
  const writes = noWrites()
  return {
    ...parts,
    tx,
    runs,
    incidents,
    writes,
    intended: [],
    approvals: once(async () => new Map((await readApprovalsOf(tx, known)).map((one) => [one.id as string, one]))),
    waits: once(() => readWaits(tx, known)),
    recent: once(() => readRecent(tx, parts.at, numbers)),
    isStopped,
    head,
  }
}

function once<T>(read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | null = null
  return () => {
    value ??= read()
    return value
  }
}
