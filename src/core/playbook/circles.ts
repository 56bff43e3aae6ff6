import { formatPlace, type Problem, problem } from '../model/index.ts'
import { everyStep, type Playbook, type Step } from './language.ts'

/** The playbooks that call one another in a circle, each with the way around: a run of them would have no end. */
export function callCircles(playbooks: ReadonlyMap<string, Playbook>): readonly Problem[] {
  const problems: Problem[] = []
  const finished = new Set<string>()
  const visit = (id: string, way: readonly { readonly id: string; readonly step: Step }[]): void => {
    const playbook = playbooks.get(id)
    if (playbook === undefined || finished.has(id)) return
    for (const step of callsOf(playbook)) {
      const round = [...way, { id, step }]
      const first = round.findIndex((one) => one.id === step.playbook)
      if (first < 0) visit(step.playbook, round)
      else {
        const places = round.slice(first).map((one) => formatPlace(one.step.place))
        const message = `the playbooks call one another in a circle: ${places.join(' > ')}`
        problems.push(problem('playbook/recursion', message, step.place))
      }
    }
    finished.add(id)
  }
  for (const id of playbooks.keys()) visit(id, [])
  return problems
}

function callsOf(playbook: Playbook) {
  const blocks = [playbook.steps, ...playbook.compensation.values(), playbook.onFailure, playbook.finally]
  return blocks.flatMap((block) => [...everyStep(block)]).filter((step) => step.kind === 'call')
}
