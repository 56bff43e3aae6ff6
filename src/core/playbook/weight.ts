import type { Playbook, Step } from './language.ts'

/** The most actions that a list of steps can take. */
export function weightOf(list: readonly Step[], playbooks: ReadonlyMap<string, Playbook>, depth: number): number {
  if (depth > 5) return 0
  const sum = (parts: readonly (readonly Step[])[]) =>
    parts.reduce((all, part) => all + weightOf(part, playbooks, depth), 0)
  return list.reduce((all, step) => {
    switch (step.kind) {
      case 'action':
        return all + 1
      case 'branch':
        return (
          all +
          Math.max(
            ...[...step.cases.map((one) => one.steps), step.otherwise].map((one) => weightOf(one, playbooks, depth)),
          )
        )
      case 'parallel':
        return all + sum(step.branches.map((one) => one.steps))
      case 'forEach':
      case 'while':
        return all + step.max * Math.max(1, weightOf(step.steps, playbooks, depth))
      case 'call':
        return all + weightOf(playbooks.get(step.playbook)?.steps ?? [], playbooks, depth + 1)
      default:
        return all
    }
  }, 0)
}
