import type { ContentTests, CoverageDifference, MutationScore } from '../core/content/index.ts'
import type { Problem } from '../core/model/index.ts'
import type { Plan } from '../core/replay/index.ts'
import type { LineRange } from '../repo/index.ts'
import type { Closures } from './closures.ts'

/** What a change of content comes to. Plain data in one order: equal for equal inputs. */
export interface ChangePreview {
  /** The commit that the change goes to, whose budgets hold; what is compared with; what the change is. */
  readonly base: string
  readonly compared: string
  readonly head: string
  /** Sentences of why the change must not be merged; empty = nothing is against it. */
  readonly failures: readonly string[]
  /** What could not be looked at, and what a reader should know. */
  readonly notes: readonly string[]
  /** What was closed to the processes that worked with the content; null when none came to its end. */
  readonly closures: Closures | null
  /** Errors and warnings of the content of the head; of its tests when it loads. */
  readonly problems: readonly Problem[]
  /** Lines of the head that the change brings, by path. */
  readonly changedLines: Readonly<Record<string, readonly LineRange[]>>
  /** The rest is null when the head does not load; the plan and coverage also when the base does not. */
  readonly tests: ContentTests | null
  readonly mutation: readonly MutationScore[] | null
  readonly coverage: CoverageDifference | null
  readonly plan: Plan | null
}
