import type { Bundle } from '../core/content/index.ts'
import { didYouMean } from '../core/model/index.ts'
import type { Playbook } from '../core/playbook/index.ts'
import { Failure } from './failure.ts'

/** The playbooks that a person named, by id or file; all of them when nothing was named. */
export function chosenPlaybooks(bundle: Bundle, names: readonly string[]): readonly Playbook[] {
  if (names.length === 0) return [...bundle.playbooks.values()]
  return names.map((name) => {
    const id = name.replace(/^.*\//, '').replace(/\.ya?ml$/, '')
    const playbook = bundle.playbooks.get(id)
    if (playbook !== undefined) return playbook
    const hint = didYouMean(id, bundle.playbooks.keys()) ?? `there are: ${[...bundle.playbooks.keys()].join(', ')}`
    throw new Failure(`there is no playbook "${id}"`, { hint, exitCode: 2 })
  })
}
