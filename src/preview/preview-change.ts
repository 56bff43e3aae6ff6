import { type Budget, compareCoverage, defaultBudget, type Limit, type MutationScore } from '../core/content/index.ts'
import { formatPlace, type Problem } from '../core/model/index.ts'
import { compareReplays } from '../core/replay/index.ts'
import { type Content, changedLines, type LineRange, mergeBaseOf, readCommit, readWorkingTree } from '../repo/index.ts'
import type { ChangePreview } from './change-preview.ts'
import type { Closures } from './closures.ts'
import type { History } from './history.ts'
import type { Answer } from './locked-child.ts'
import { defaultLimits, type Limits } from './locked-process.ts'
import { replayBoth, type Sharing } from './replay-both.ts'

/** A change, and what it is tried on. */
export interface ChangeParts {
  /** A working tree or a bare mirror. */
  readonly repository: string
  /** The commit that the change goes to: the tip of the protected branch. */
  readonly base: string
  /** The change: the head of a pull request, better the merge commit that GitHub makes of it; `worktree` = what lies there. */
  readonly head: string
  /** Compared with the base itself, or with where the change began; the latter when nothing is said. */
  readonly compare?: 'base' | 'merge-base'
  /** Recorded events; null = tests and fixtures only. */
  readonly history: History | null
  /** Changes the budgets of the base; for people at their own terminal, never for a pull request. */
  readonly adjustBudget?: (budget: Budget) => Budget
  readonly limits?: Partial<Limits>
  /** How processes share the work; for tests and measuring. */
  readonly sharing?: Sharing
  readonly onDelivery?: (count: number) => void
}

/**
 * What a change of content would have done: validates and tests the head, and replays one history with the content before
 * and after in locked child processes. Content that is wrong, too slow or too large is a result with `failures`. Throws when the
 * repository or a commit cannot be read, or when reading the history fails.
 */
export async function previewChange(parts: ChangeParts): Promise<ChangePreview> {
  const { repository, base, head, history } = parts
  const isWorktree = head === 'worktree'
  const compared = parts.compare === 'base' ? base : await mergeBaseOf(repository, base, isWorktree ? 'HEAD' : head)
  const after = isWorktree ? await readWorkingTree(repository) : await readCommit(repository, head)
  const before = await readCommit(repository, compared)
  const policy = compared === base ? before : await readCommit(repository, base)
  const lines = await changedLines(repository, before.commit, isWorktree ? null : after.commit)
  const limits = { ...defaultLimits, ...parts.limits }
  const { onDelivery, sharing } = parts
  const [old, now] = await replayBoth({
    ...{ before, after, policy: policy.files, history, limits },
    ...(onDelivery === undefined ? {} : { onDelivery }),
    ...(sharing === undefined ? {} : { sharing }),
  })
  const adjust = parts.adjustBudget ?? ((one: Budget) => one)
  const budget = adjust(now.budget.ok ? now.budget.value : defaultBudget)
  const note = history === null ? 'there is no history: only the tests speak' : (history.note ?? null)
  return previewOf({ policy, before, after, old, now, budget, note, lines: withNewFiles(before, after, lines) })
}

interface Found {
  readonly policy: Content
  readonly before: Content
  readonly after: Content
  readonly old: Answer
  readonly now: Answer
  readonly budget: Budget
  readonly note: string | null
  readonly lines: ReadonlyMap<string, readonly LineRange[]>
}

function previewOf({ policy, before, after, old, now, budget, note, lines }: Found): ChangePreview {
  const { review } = now
  const tests = review?.tests ?? null
  const problems: readonly Problem[] = [...now.result.problems, ...(tests?.problems ?? [])]
  const plan =
    old.result.ok && now.result.ok
      ? compareReplays(old.result.replayed, now.result.replayed, now.content, budget)
      : null
  const errors = now.result.ok ? [] : now.result.problems.filter((one) => one.severity === 'error')
  return {
    base: policy.commit,
    compared: before.commit,
    head: after.commit,
    failures: [
      ...(errors.length === 0 ? [] : [failedToLoad(errors)]),
      ...(now.result.ok ? notReplayed(old) : []),
      ...testFailures(newIn(tests?.problems ?? [], old.review?.tests.problems ?? [])),
      ...(now.budget.ok
        ? []
        : now.budget.problems.map((one) => `the budgets of the base cannot be read: ${one.message}`)),
      ...unnoticedBeyond(review?.mutation ?? [], budget).map((one) => `over budget: ${one}`),
      ...(plan?.exceeded.map((one) => `over budget: ${one}`) ?? []),
    ],
    notes: [
      ...(note === null ? [] : [note]),
      ...(old.result.ok
        ? []
        : [
            `the content before the change does not load or replay, so nothing is compared: ${old.result.problems[0]?.message}`,
          ]),
    ],
    closures: weakerOf([old.closures, now.closures]),
    problems,
    changedLines: Object.fromEntries(lines),
    tests,
    mutation: review?.mutation ?? null,
    coverage: old.review === null || review === null ? null : compareCoverage(old.review.coverage, review.coverage),
    plan,
  }
}

/** What held for all of the processes that said so. */
function weakerOf(all: readonly (Closures | null)[]): Closures | null {
  const said = all.filter((one) => one !== null)
  return said.find(({ network }) => network === 'modules') ?? said[0] ?? null
}

/** A base that loads and does not come to its end may have been held up by the head, which waits for the same history. */
function notReplayed({ result }: Answer): readonly string[] {
  const ended = result.ok ? undefined : result.problems.find(({ code }) => code === 'preview/ended')
  return ended === undefined ? [] : [`nothing could be compared: ${ended.message}`]
}

function failedToLoad(errors: readonly Problem[]): string {
  const [first] = errors
  return errors.length === 1 && first !== undefined
    ? `the content does not load: ${first.message}`
    : `the content does not load: it has ${errors.length} problems`
}

function testFailures(problems: readonly Problem[]): readonly string[] {
  const [first] = problems
  if (first === undefined) return []
  const place = first.place === undefined ? '' : ` (${formatPlace(first.place)})`
  const more = problems.length === 1 ? '' : `, and ${problems.length - 1} more`
  return [`a test fails that did not: ${first.message}${place}${more}`]
}

/** What only the head has: a change is not to blame for what failed before it, in whatever line it stands now. */
function newIn(problems: readonly Problem[], before: readonly Problem[]): readonly Problem[] {
  const keyOf = ({ code, message, place }: Problem) => JSON.stringify([code, message, place?.file])
  const known = new Set(before.map(keyOf))
  return problems.filter((one) => !known.has(keyOf(one)))
}

/** Changed rules and playbooks that could be broken in more ways unnoticed than the budget allows. */
function unnoticedBeyond(scores: readonly MutationScore[], { unnoticed }: Budget): readonly string[] {
  return scores.flatMap(({ kind, title, survived }) => {
    const own = kind === 'playbook' ? unnoticed.perPlaybook : unnoticed.perRule
    const dangerous = kind === 'playbook' ? unnoticed.dangerous : null
    const beyond = (count: number, limit: Limit | null, what: string) =>
      limit === null || count <= limit.value
        ? []
        : [
            `"${title}" could be ${what} in ${count} ways and no fixture would fail; the budget is ${limit.value}${limit.place === null ? '' : ` (${formatPlace(limit.place)})`}`,
          ]
    return [
      ...beyond(survived.length, own, 'broken'),
      ...beyond(survived.filter(({ safety }) => safety).length, dangerous, 'made more dangerous'),
    ]
  })
}

/** Files of a working tree that Git does not know yet are new as a whole. */
function withNewFiles(
  before: Content,
  after: Content,
  lines: ReadonlyMap<string, readonly LineRange[]>,
): ReadonlyMap<string, readonly LineRange[]> {
  if (after.commit !== 'worktree') return lines
  const known = new Set(before.files.map(({ path }) => path))
  const fresh = after.files.filter(({ path }) => !known.has(path))
  return new Map([...lines, ...fresh.map(({ path, text }) => [path, [[1, text.split('\n').length]]] as const)])
}
