import { durationMs } from '../correlate/index.ts'
import {
  type Document,
  didYouMean,
  type IncidentSeverity,
  isObject,
  type Json,
  type Place,
  type Problem,
  problem,
  type Result,
} from '../model/index.ts'
import { kinds } from './kinds.ts'
import { readDocuments } from './read-documents.ts'
import type { SourceFile } from './source.ts'

/** A bound and where it is written; null = nobody wrote it down. */
export interface Limit {
  readonly value: number
  readonly place: Place | null
}

/** What a change may cost; a bound that is null or missing is none. Per day means per day of the history that is replayed. */
export interface Budget {
  /** Lines for people that one rule may raise per day, and for single rules by id. */
  readonly linesPerRule: Limit
  readonly rules: Readonly<Record<string, Limit>>
  readonly incidents: Limit | null
  readonly approvals: Limit | null
  readonly newCriticalTargets: Limit | null
  readonly lostIncidents: Readonly<Partial<Record<IncidentSeverity, Limit>>>
  readonly detectedLaterMs: Limit | null
  readonly unnoticed: {
    readonly perRule: Limit | null
    readonly perPlaybook: Limit | null
    readonly dangerous: Limit | null
  }
}

/** What holds when no file says anything. */
export const defaultBudget: Budget = {
  linesPerRule: { value: 20, place: null },
  rules: {},
  incidents: null,
  approvals: null,
  newCriticalTargets: null,
  lostIncidents: {},
  detectedLaterMs: null,
  unnoticed: { perRule: null, perPlaybook: null, dangerous: null },
}

/** The budget that budget files say together: of several bounds on one thing the lowest holds. Other files are passed over. */
export function budgetOf(files: readonly SourceFile[]): Result<Budget> {
  const problems: Problem[] = []
  const documents: Document[] = []
  for (const file of files) {
    if (!kinds.budget.folder.test(file.path)) continue
    for (const { result } of readDocuments(file, 'budget')) {
      if (result.ok) documents.push(result.value)
      else problems.push(...result.problems)
    }
  }
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, value: combined(documents) }
}

/** Rules that budgets name and that are not there. */
export function checkBudgets(documents: readonly Document[], rules: readonly { readonly id: string }[]): Problem[] {
  const ids = new Set(rules.map(({ id }) => id))
  return documents.flatMap((document) =>
    Object.keys(membersOf(membersOf(document.value.linesPerDay).rules))
      .filter((id) => !ids.has(id))
      .map((id) =>
        problem(
          'budget/unknown-rule',
          `there is no rule "${id}"`,
          document.place(['linesPerDay', 'rules', id], 'key'),
          didYouMean(id, ids) ?? 'write the id of a detection, correlation or rarity rule',
        ),
      ),
  )
}

function combined(documents: readonly Document[]): Budget {
  const limitsAt = (path: readonly string[]): readonly Limit[] =>
    documents.flatMap((document) => {
      const raw = path.reduce<Json>((value, key) => membersOf(value)[key] ?? null, document.value)
      const value = typeof raw === 'number' ? raw : durationMs(raw)
      return value === null ? [] : [{ value, place: document.place(path) }]
    })
  const lowest = (...path: readonly string[]) => limitsAt(path).toSorted((a, b) => a.value - b.value)[0] ?? null
  const keysAt = (...path: readonly string[]) =>
    documents.flatMap(({ value }) =>
      Object.keys(membersOf(path.reduce<Json>((at, key) => membersOf(at)[key] ?? null, value))),
    )
  const mapAt = <Key extends string>(...path: readonly string[]) =>
    Object.fromEntries(keysAt(...path).map((key) => [key, lowest(...path, key)])) as Record<Key, Limit>
  return {
    linesPerRule: lowest('linesPerDay', 'perRule') ?? defaultBudget.linesPerRule,
    rules: mapAt('linesPerDay', 'rules'),
    incidents: lowest('incidentsPerDay'),
    approvals: lowest('approvalsPerDay'),
    newCriticalTargets: lowest('newCriticalTargets'),
    lostIncidents: mapAt<IncidentSeverity>('lostIncidents'),
    detectedLaterMs: lowest('detectedLater'),
    unnoticed: {
      perRule: lowest('unnoticed', 'perRule'),
      perPlaybook: lowest('unnoticed', 'perPlaybook'),
      dangerous: lowest('unnoticed', 'dangerous'),
    },
  }
}

const membersOf = (value: Json | undefined) => (isObject(value) ? value : {})
