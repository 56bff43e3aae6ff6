import { everyStep, type Playbook } from './language.ts'

/** A playbook and all that it calls, however deep, each once. Those that are not there are left out. */
export function withCalled(playbooks: ReadonlyMap<string, Playbook>, playbook: Playbook): readonly Playbook[] {
  const found = new Set([playbook])
  for (const one of found)
    for (const block of [one.steps, ...one.compensation.values(), one.onFailure, one.finally])
      for (const step of everyStep(block)) {
        const called = step.kind === 'call' ? playbooks.get(step.playbook) : undefined
        if (called !== undefined) found.add(called)
      }
  return [...found]
}
