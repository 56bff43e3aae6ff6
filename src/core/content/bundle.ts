import { compileScoring, type ScoringRule } from '../assess/index.ts'
import { compileTeam, joinTeam, type Team } from '../command/index.ts'
import { type CorrelationRules, compileEscalation, compileGrouping, compileSuppression } from '../correlate/index.ts'
import {
  type CorrelationRule,
  type Correlator,
  checkOverlays,
  compileOverlay,
  compilePipeline,
  compileRarityRule,
  compileRuleSet,
  createCorrelator,
  createMatcher,
  createRarityDetector,
  createTuning,
  type Matcher,
  type Overlay,
  type RarityDetector,
  type RarityRule,
  type SigmaFilter,
  type SigmaRule,
  type SourceMapping,
  type Tuning,
} from '../detect/index.ts'
import {
  checkPeople,
  compileEscalationPolicy,
  compileNotifyRule,
  type EscalationPolicy,
  type NotifyRule,
} from '../escalate/index.ts'
import {
  canonicalJson,
  type Document,
  type EffectClass,
  isObject,
  type JsonObject,
  type Problem,
  problem,
  type Result,
  sha256,
} from '../model/index.ts'
import { compileIntegration, type Integration } from '../normalize/index.ts'
import {
  callCircles,
  compilePlaybook,
  type KnownAction,
  type Playbook,
  sharedHooks,
  verifyPlaybook,
} from '../playbook/index.ts'
import { type ClosingPolicy, compileClosing, compilePolicy, type Policy } from '../policy/index.ts'
import { checkBudgets } from './budget.ts'
import { isMisplaced, type Kind, kindOf, kinds } from './kinds.ts'
import { checkMappings } from './log-sources.ts'
import { checkPackBounds, checkPacks, isPackRule, parsePackRules } from './packs.ts'
import { readDocuments } from './read-documents.ts'
import type { SourceFile } from './source.ts'

/** All content of one commit, validated and compiled: the unit that is deployed and replayed. */
export interface Bundle {
  /** SHA-256 over paths and texts: equal content has an equal digest. */
  readonly digest: string
  /** The commit it was read from, or `worktree`. */
  readonly commit: string
  /** With the filters that apply to them. */
  readonly detection: readonly SigmaRule[]
  readonly filters: readonly SigmaFilter[]
  readonly sequences: readonly CorrelationRule[]
  /** Which events the log sources of detection rules mean. */
  readonly mappings: readonly SourceMapping[]
  /** Local tuning of the rules, and the same ready to be asked. */
  readonly overlays: readonly Overlay[]
  readonly tuning: Tuning
  readonly matcher: Matcher
  readonly correlator: Correlator
  readonly rarity: RarityDetector
  readonly correlation: CorrelationRules
  readonly scoring: readonly ScoringRule[]
  readonly policies: readonly Policy[]
  /** Into which channel an incident goes, and who is told when nobody acknowledges it. */
  readonly notify: readonly NotifyRule[]
  readonly escalationPolicies: readonly EscalationPolicy[]
  /** Who works here and who may say what. */
  readonly team: Team
  /** What is kept of closed incidents; null = nothing is proposed. */
  readonly closing: ClosingPolicy | null
  readonly playbooks: ReadonlyMap<string, Playbook>
  /** What the integrations can do, by `integration.action`. */
  readonly actions: ReadonlyMap<string, KnownAction>
  readonly integrations: readonly Integration[]
  readonly files: readonly SourceFile[]
}

/** What compiling came to; `bundle` is null when there is any error: bad content does not load. */
export interface Compiled {
  readonly bundle: Bundle | null
  readonly problems: readonly Problem[]
  readonly counts: Readonly<Record<Kind, number>>
}

const maxFiles = 20_000

/** Compiles the content of one commit and reports all problems at once, in order of place. */
export function compileBundle(files: readonly SourceFile[], commit: string): Compiled {
  const problems: Problem[] = []
  const documents = new Map<Kind, Document[]>((Object.keys(kinds) as Kind[]).map((kind) => [kind, []]))
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1))
  if (sorted.length > maxFiles)
    problems.push(problem('content/too-many', `there are more than ${maxFiles} files of content`))
  // Packs come last: where one brings an id that is taken, the problem is the pack's.
  const taken = sorted.slice(0, maxFiles)
  for (const file of [
    ...taken.filter(({ path }) => !isPackRule(path)),
    ...taken.filter(({ path }) => isPackRule(path)),
  ]) {
    if (isPackRule(file.path)) {
      const read = parsePackRules(file)
      problems.push(...read.problems)
      for (const { kind, document } of read.rules) documents.get(kind)?.push(document)
      continue
    }
    const kind = kindOf(file.path)
    if (kind === null) {
      if (isMisplaced(file.path))
        problems.push(
          problem(
            'content/misplaced',
            'nothing reads a file here',
            { file: file.path, line: 1, column: 1 },
            'see rules/README.md, integrations/README.md and playbooks/README.md for the places',
          ),
        )
      continue
    }
    for (const { kind: found, result } of readDocuments(file, kind)) {
      if (result.ok) documents.get(found)?.push(result.value)
      else problems.push(...result.problems)
    }
  }
  const all = <T>(kind: Kind, compile: (document: Document) => Result<T>): T[] =>
    (documents.get(kind) ?? []).flatMap((document) => guarded(document, compile, problems))
  for (const [kind, list] of documents) duplicates(kind, list, problems)

  const set = compileRuleSet(
    (['placeholders', 'detection', 'filter', 'correlation'] as const).flatMap((kind) => documents.get(kind) ?? []),
  )
  problems.push(...set.results.flatMap((one) => one.problems))
  const { detections: detection, correlations: sequences } = set
  problems.push(...checkPacks(documents.get('pack') ?? [], sorted), ...checkPackBounds(detection, sequences))
  const mappings = all('pipeline', compilePipeline).flat()
  const rarity: readonly RarityRule[] = all('rarity', compileRarityRule)
  const overlays = all('overlay', compileOverlay)
  const rules = [...detection, ...sequences, ...rarity]
  problems.push(...checkOverlays(overlays, rules), ...checkBudgets(documents.get('budget') ?? [], rules))
  const correlation: CorrelationRules = {
    suppression: all('suppression', compileSuppression),
    grouping: all('grouping', compileGrouping).sort((a, b) => a.order - b.order || (a.ref.id < b.ref.id ? -1 : 1)),
    escalation: all('escalation', compileEscalation),
  }
  const scoring = all('scoring', compileScoring)
  const policies = all('approval', compilePolicy)
  const notify = all('notify', compileNotifyRule)
  const { team, problems: teamProblems } = joinTeam(all('team', compileTeam))
  problems.push(...teamProblems)
  const escalationPolicies = all('escalation-policy', compileEscalationPolicy)
  problems.push(...checkPeople(escalationPolicies, team.analysts))
  const [closing = null, second] = all('closing', compileClosing)
  if (second !== undefined)
    problems.push(problem('content/two-closings', 'there is a file for closed incidents already', second.ref.place))
  const integrations = all('integration', compileIntegration)
  problems.push(...checkMappings(mappings, integrations))
  const actions = new Map(
    integrations.flatMap((one) =>
      one.actions.map((action) => [`${one.id}.${action.id}`, knownAction(action)] as const),
    ),
  )
  const playbooks = new Map(
    all('playbook', (document) => compilePlaybook(document, actions)).map((one) => [one.id, one] as const),
  )
  const broken = new Set(
    filesInError(problems).flatMap((path) =>
      kindOf(path) === 'playbook' ? [path.replace(/^.*\/|\.ya?ml$/g, '')] : [],
    ),
  )
  for (const one of playbooks.values()) problems.push(...verifyPlaybook(one, { actions, playbooks, broken }))
  problems.push(...callCircles(playbooks), ...sharedHooks(playbooks))
  const counts = Object.fromEntries([...documents].map(([kind, list]) => [kind, list.length])) as Record<Kind, number>
  const ordered = withoutFollowing(problems).sort(byPlace)
  if (ordered.some((one) => one.severity === 'error')) return { bundle: null, problems: ordered, counts }
  const digest = sha256(
    canonicalJson(
      sorted
        .filter(({ path }) => kindOf(path) !== null || isPackRule(path))
        .map((file) => [file.path, sha256(file.text)]),
    ),
  )
  return {
    bundle: {
      digest,
      commit,
      detection,
      filters: set.filters,
      sequences,
      mappings,
      overlays,
      tuning: createTuning(overlays, rules),
      matcher: createMatcher(detection, mappings),
      correlator: createCorrelator(sequences),
      rarity: createRarityDetector(rarity, mappings),
      correlation,
      scoring,
      policies,
      notify,
      escalationPolicies,
      team,
      closing,
      playbooks,
      actions,
      integrations,
      files: sorted,
    },
    problems: ordered,
    counts,
  }
}

const filesInError = (problems: readonly Problem[]) => [
  ...new Set(problems.flatMap((one) => (one.severity === 'error' ? (one.place?.file ?? []) : []))),
]

/** Leaves out that a playbook lacks an action whose integration has an error of its own: it is that one which is to be mended. */
function withoutFollowing(problems: readonly Problem[]): Problem[] {
  const broken = new Set(filesInError(problems))
  return problems.filter(({ code, message }) => {
    const [, id] = code === 'playbook/unknown-action' ? (/"([a-z0-9-]+)\./.exec(message) ?? []) : []
    return id === undefined || !broken.has(`integrations/${id}/integration.yaml`)
  })
}

function guarded<T>(document: Document, compile: (document: Document) => Result<T>, problems: Problem[]): T[] {
  try {
    const result = compile(document)
    if (result.ok) return [result.value]
    problems.push(...result.problems)
  } catch (error) {
    problems.push(
      problem(
        'content/internal',
        `the file could not be compiled: ${(error as Error).message}`,
        document.place([]),
        'this is a fault of gitsoc: please report it with the file',
      ),
    )
  }
  return []
}

function duplicates(kind: Kind, documents: readonly Document[], problems: Problem[]): void {
  const seen = new Map<string, Document>()
  for (const document of documents) {
    const { id } = document.value
    if (typeof id !== 'string') continue
    const first = seen.get(id)
    if (first === undefined) seen.set(id, document)
    else
      problems.push(
        problem('content/duplicate-id', `the ${kind} id "${id}" is used in ${first.file} too`, document.place(['id'])),
      )
  }
}

function knownAction(action: JsonObject): KnownAction {
  return {
    effect: action.effect as EffectClass,
    input: action.input as JsonObject,
    ...(isObject(action.output) ? { output: action.output } : {}),
    target: String(action.target),
    hasRollback: action.rollback !== undefined,
    irreversible: typeof action.irreversible === 'string' ? action.irreversible : null,
  }
}

function byPlace(a: Problem, b: Problem): number {
  const left = a.place ?? { file: '', line: 0, column: 0 }
  const right = b.place ?? { file: '', line: 0, column: 0 }
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}
