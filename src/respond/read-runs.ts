import type { IncidentNumber, Json, JsonObject } from '../core/model/index.ts'
import type { Tx } from '../store/index.ts'

/** A playbook run, as it is listed. Times are epoch milliseconds. */
export interface RunSummary {
  readonly id: string
  readonly incident: IncidentNumber
  readonly playbook: string
  readonly status: 'running' | 'waiting' | 'paused' | 'completed' | 'failed' | 'stopped' | 'expired' | 'cancelled'
  readonly startedAt: number
  readonly endedAt: number | null
}

/** A run with everything that is on record about it. */
export interface RunDetails extends RunSummary {
  readonly bundle: string
  readonly commit: string
  readonly why: string
  readonly deadlineAt: number
  readonly sentence: string | null
  /** What set it off: `incident`, `change`, `every`, `manual` or `rerun`. */
  readonly trigger: string
  readonly inputs: JsonObject
  readonly outputs: JsonObject | null
  readonly steps: readonly {
    readonly path: string
    readonly status: string
    readonly sentence: string
    readonly at: number
  }[]
  readonly effects: readonly RunEffect[]
  /** Approvals and questions of this run that nobody has answered; `options` of a question. */
  readonly waitsFor: readonly {
    readonly id: string
    readonly action: string
    readonly target: string
    readonly options: readonly string[]
  }[]
  /** Times and signals that it waits for. */
  readonly waits: readonly { readonly path: string; readonly signal: string | null; readonly until: number }[]
}

/** What a run did or was about to do; `outcome` is null between intent and outcome. */
export interface RunEffect {
  readonly id: string
  readonly path: string
  readonly action: string
  readonly effect: string
  readonly target: string
  readonly inputs: JsonObject
  readonly mode: string
  readonly outcome: string | null
  readonly approval: string | null
  readonly intendedAt: number
  readonly expiresAt: number | null
  readonly result: Json
  readonly rollback: Json
  readonly irreversible: string | null
  /** The effect that this one took back. */
  readonly undoes: string | null
  /** The approval that overruled a denial. */
  readonly overruled: string | null
  /** Every call to the vendor; `verdict` is null while one is under way, or when it was cut off. */
  readonly attempts: readonly {
    readonly n: number
    readonly kind: 'call' | 'confirm'
    readonly at: number
    readonly verdict: string | null
    readonly status: number | null
    readonly sentence: string | null
  }[]
}

const summary = 'id, incident, playbook, status, started_at as "startedAt", ended_at as "endedAt"'

/** Runs, the newest first; of one incident when asked. */
export async function listRuns(
  tx: Tx,
  options: { incident?: IncidentNumber; limit?: number } = {},
): Promise<readonly RunSummary[]> {
  const found = await tx.query<RunSummary>(
    `select ${summary} from run where tenant = $1 and ($2::int is null or incident = $2) order by started_at desc, id limit $3`,
    [tx.tenant, options.incident ?? null, options.limit ?? 50],
  )
  return found.rows
}

/** One run with its steps, effects and open questions; null when there is none of that id. */
export async function readRun(tx: Tx, id: string): Promise<RunDetails | null> {
  const key = [tx.tenant, id]
  const found = await tx.query<Omit<RunDetails, 'steps' | 'effects' | 'waitsFor' | 'waits'>>(
    `select ${summary}, bundle, commit, why, deadline_at as "deadlineAt", sentence, trigger, inputs, outputs from run where tenant = $1 and id = $2`,
    key,
  )
  const run = found.rows[0]
  if (run === undefined) return null
  const steps = await tx.query<RunDetails['steps'][number]>(
    'select path, status, sentence, at from run_step where tenant = $1 and run = $2 order by n',
    key,
  )
  const effects = await tx.query<RunEffect>(
    `select id, path, action, effect, target, inputs, mode, outcome, approval, intended_at as "intendedAt", expires_at as "expiresAt", result, rollback, irreversible, undoes, overruled,
        (select coalesce(jsonb_agg(jsonb_build_object('n', a.n, 'kind', a.kind, 'at', a.at, 'verdict', a.verdict, 'status', a.status, 'sentence', a.sentence) order by a.n), '[]')
          from effect_attempt a where a.tenant = effect.tenant and a.effect = effect.id) as attempts
      from effect where tenant = $1 and run = $2 order by intended_at, path`,
    key,
  )
  const waitsFor = await tx.query<RunDetails['waitsFor'][number]>(
    `select id, action, target, options from approval where tenant = $1 and run = $2 and status = 'pending' order by asked_at, path`,
    key,
  )
  const waits = await tx.query<RunDetails['waits'][number]>(
    'select path, signal, until from run_wait where tenant = $1 and run = $2 order by until, path',
    key,
  )
  return { ...run, steps: steps.rows, effects: effects.rows, waitsFor: waitsFor.rows, waits: waits.rows }
}
