import { type Bundle, compileBundle, formatProblems } from '../../src/core/content/index.ts'
import { vendorManifest } from '../respond/vendor.ts'

const act = (id: string, more = '') =>
  `  - { id: ${id}, action: vendor.${id}, with: { user: "u{{ incident.number }}" }, expires: 24h, timeout: 5s${more} }\n`
const playbook = `id: respond
title: Respond
owner: team
why: faults
trigger: { manual: true }
deadline: 8h
steps:
${act('lock', ', retry: { attempts: 5, backoff: 1s }')}${act('stamp')}  - { id: pause, wait: 1s }
${act('fail', ', onError: { goto: back }')}compensation:
  back:
  ${act('unlock', ', retry: { attempts: 5, backoff: 1s }')}`

/** A playbook that locks, stamps, waits, fails and takes back, against the stand-in of a vendor. */
export function respondBundle(): Bundle {
  const files = [
    ...Object.entries(vendorManifest).map(([path, text]) => ({ path, text })),
    { path: 'playbooks/respond.yaml', text: playbook },
    {
      path: 'rules/approval/team.yaml',
      text: 'id: team\ntitle: Team\nowner: team\nwhy: faults\nrules:\n  - { effects: [read, notify, reversible, destructive], answer: allow, reason: trust }\n',
    },
  ]
  const { bundle, problems } = compileBundle(files, 'faults')
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}
