import { compileBundle } from '../../../core/content/index.ts'
import { type Problem, problem } from '../../../core/model/index.ts'
import { type Limits, tryContent } from '../../../preview/index.ts'
import type { Content } from '../../../repo/index.ts'
import type { Store } from '../../../store/index.ts'
import { type Deployment, type NewDeployment, recordDeployment } from './deployments.ts'

/** A commit that is to be put into service. */
export interface Candidate {
  readonly commit: string
  readonly kind: Deployment['kind']
  readonly actor: string
  readonly pull: number | null
  /** Why, in the words of whoever asked; empty for a push. */
  readonly reason: string
  /** Whether it may also not come after what is in service. */
  readonly force: boolean
}

/** What is known of a commit by the repository that it is in. */
export interface CommitFacts {
  /** Whether it comes after another one, or is the same. */
  comesAfter(before: string): Promise<boolean>
  /** Null when it is signed as the policy asks, else why not. */
  unsigned(): Promise<string | null>
  read(): Promise<Content>
  authors(playbooks: readonly string[]): Promise<Readonly<Record<string, readonly string[]>>>
}

export interface ServiceParts {
  readonly store: Store
  readonly clock: () => number
  readonly limits?: Partial<Limits>
}

/**
 * Puts a commit into service, or refuses it: it must come after what is in service, be signed as the policy asks, load, and
 * pass its own fixtures. Either is recorded. Throws when something outside failed: then nothing is recorded, and it can be
 * tried again.
 */
export async function putIntoService(
  { store, clock, limits }: ServiceParts,
  candidate: Candidate,
  facts: CommitFacts,
  current: Deployment | null,
): Promise<NewDeployment & { readonly number: number }> {
  const { commit, kind, actor, pull, force } = candidate
  const written = async (
    result: Deployment['result'],
    reason: string,
    problems: readonly Problem[],
    deployed: Parameters<typeof recordDeployment>[2],
    isForced = false,
  ) => {
    const one: NewDeployment = {
      ...{ at: clock(), commit, previous: current?.commit ?? null, digest: deployed?.bundle.digest ?? null },
      ...{ result, kind, actor, pull, reason, forced: isForced, problems },
    }
    return { ...one, number: await recordDeployment(store, one, deployed) }
  }
  const refused = (reason: string, problems: readonly Problem[]) => written('refused', reason, problems, null)

  const isAhead = current === null || (await facts.comesAfter(current.commit))
  if (!isAhead && !force) {
    const message = `commit ${short(commit)} does not come after ${short(current.commit)}, which is in service`
    const hint = `merge onto ${short(current.commit)}; or, if history was rewritten on purpose: gitsoc deploy ${short(commit)} --force --reason WHY`
    return refused(message, [problem('deploy/not-after', message, undefined, hint)])
  }
  const unsigned = await facts.unsigned()
  if (unsigned !== null) {
    const message = `commit ${short(commit)} is not signed as the policy of this server asks: ${unsigned}`
    const hint = 'sign it, or merge it by the button of GitHub where the policy takes what GitHub verified'
    return refused(message, [problem('deploy/unsigned', message, undefined, hint)])
  }
  const content = await facts.read()
  const tried = await tryContent(content, limits)
  if (tried.errors.length > 0) return refused(refusalOf(tried.errors), tried.errors)
  const { bundle, problems } = compileBundle(content.files, commit)
  if (bundle === null) return refused(refusalOf(problems), problems)
  const authors = await facts.authors([...bundle.playbooks.keys()])
  const said = candidate.reason === '' ? '' : `: ${candidate.reason}`
  const tests = `${tried.rulesTested} rules tested, ${tried.fixturesPlayed} fixtures of playbooks played`
  return written('deployed', `${what[kind]}${said}; ${tests}`, [], { bundle, authors }, !isAhead)
}

const what = { push: 'pushed', command: 'by command', rollback: 'rolled back' } as const
export const short = (commit: string) => commit.slice(0, 12)

function refusalOf(problems: readonly Problem[]): string {
  const [first] = problems
  const more = problems.length > 1 ? `, and ${problems.length - 1} more problems` : ''
  return `${first?.message ?? 'the content does not load'}${more}`
}
