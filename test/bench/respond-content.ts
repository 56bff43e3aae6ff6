import { type Bundle, compileBundle, formatProblems } from '../../src/core/content/index.ts'
import { vendorManifest } from '../respond/vendor.ts'

const steps = {
  tasks: Array.from({ length: 5 }, (_, n) => `  - { id: s${n}, task: "Step ${n} of {{ incident.number }}" }\n`).join(
    '',
  ),
  simulated: Array.from(
    { length: 5 },
    (_, n) => `  - { id: s${n}, action: vendor.lock, with: { user: "u{{ incident.number }}-${n}" }, expires: 1h }\n`,
  ).join(''),
  one: '  - { id: s0, action: vendor.lock, with: { user: "u{{ incident.number }}" }, expires: 1h }\n',
  waiting:
    '  - { id: s0, action: vendor.lock, with: { user: "u{{ incident.number }}" }, expires: 1h, approval: { roles: [responder], expires: 7h } }\n',
}

export type BenchPlaybook = keyof typeof steps

/** Playbooks of one kind of step each, under a policy that allows everything. */
export function respondContent(): Bundle {
  const files = [
    ...Object.entries(vendorManifest).map(([path, text]) => ({ path, text })),
    {
      path: 'rules/approval/team.yaml',
      text: 'id: team\ntitle: Team\nowner: team\nwhy: bench\nrules:\n  - { effects: [read, notify, reversible, destructive], answer: allow, reason: trust }\n',
    },
    ...Object.entries(steps).map(([id, text]) => ({
      path: `playbooks/${id}.yaml`,
      text: `id: ${id}\ntitle: Bench ${id}\nowner: team\nwhy: bench\ntrigger: { manual: true }\ndeadline: 8h\nsteps:\n${text}`,
    })),
  ]
  const { bundle, problems } = compileBundle(files, 'bench')
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}
