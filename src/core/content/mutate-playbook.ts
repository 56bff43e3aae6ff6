import type { Document, Place } from '../model/index.ts'
import { callCircles, compilePlaybook, type Stage, verifyPlaybook } from '../playbook/index.ts'
import { kinds } from './kinds.ts'
import { type Mutation, mutationsOf } from './mutations.ts'
import { type PlaybookFixture, runPlaybookFixture } from './playbook-fixture.ts'

/** What became of one broken playbook. */
export interface Mutant {
  readonly playbook: string
  readonly mutation: string
  readonly safety: boolean
  readonly place: Place
  /** `refused`: it does not load; `caught`: a fixture fails; `survived`: nobody noticed. */
  readonly fate: 'refused' | 'caught' | 'survived'
  /** What refused or caught it. */
  readonly by: string
}

/** Breaks a playbook in every known way, or in those that `isChosen` picks, and says whether the verifier refuses it or a fixture notices. */
export async function mutatePlaybook(
  document: Document,
  fixtures: readonly PlaybookFixture[],
  stage: Stage,
  isChosen: (mutation: Mutation, index: number) => boolean = () => true,
): Promise<readonly Mutant[]> {
  const mutants: Mutant[] = []
  for (const one of mutationsOf(document.value, stage.actions).filter(isChosen)) {
    const { fate, by } = await fateOf(one, document, fixtures, stage)
    mutants.push({
      playbook: String(document.value.id),
      mutation: one.name,
      safety: one.safety,
      place: document.place(one.path),
      fate,
      by,
    })
  }
  return mutants
}

async function fateOf(
  mutation: Mutation,
  document: Document,
  fixtures: readonly PlaybookFixture[],
  stage: Stage,
): Promise<Pick<Mutant, 'fate' | 'by'>> {
  const actions = mutation.actions ?? stage.actions
  const checked = kinds.playbook.check({ ...document, value: mutation.value })
  const compiled = checked.ok ? compilePlaybook(checked.value, actions) : checked
  if (!compiled.ok) return { fate: 'refused', by: compiled.problems[0]?.message ?? '' }
  const playbook = compiled.value
  const playbooks = new Map([...stage.playbooks, [playbook.id, playbook]])
  const problems = [...verifyPlaybook(playbook, { actions, playbooks }), ...callCircles(playbooks)]
  if (problems.length > 0) return { fate: 'refused', by: problems[0]?.message ?? '' }
  for (const fixture of fixtures) {
    const { differences } = await runPlaybookFixture(fixture, playbook, { ...stage, actions, playbooks })
    if (differences.length > 0) return { fate: 'caught', by: `${fixture.file}: ${differences[0]?.what}` }
  }
  return { fate: 'survived', by: '' }
}
