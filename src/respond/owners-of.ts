import type { Bundle } from '../core/content/index.ts'
import { type Playbook, withCalled } from '../core/playbook/index.ts'

const known = new WeakMap<Playbook, string>()

/** Who owns a playbook and those that it calls, with commas between: none of them answers for what it asks. */
export function ownersOf({ playbooks }: Pick<Bundle, 'playbooks'>, playbook: Playbook): string {
  const before = known.get(playbook)
  if (before !== undefined) return before
  const owners = [...new Set(withCalled(playbooks, playbook).map((one) => one.owner))].join(', ')
  known.set(playbook, owners)
  return owners
}
