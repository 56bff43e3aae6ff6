import type { JsonObject, Problem } from '../../../src/core/model/index.ts'
import { compilePlaybook, type KnownAction, type Playbook } from '../../../src/core/playbook/index.ts'
import { documentOf } from '../../support/document.ts'

/** The actions that playbooks of these tests may call. */
export const actions: ReadonlyMap<string, KnownAction> = new Map<string, KnownAction>([
  [
    'okta.suspend_user',
    {
      effect: 'destructive',
      input: { type: 'object', required: ['userId'], properties: { userId: { type: 'string' } } },
    },
  ],
  [
    'email.send',
    {
      effect: 'notify',
      input: {
        type: 'object',
        required: ['to', 'subject', 'text'],
        properties: { to: { type: 'string' }, subject: { type: 'string' }, text: { type: 'string' } },
      },
    },
  ],
])

const head = `id: contain
title: Contain
owner: team
why: test
trigger: { on: [opened], when: { fact: severity, operator: in, value: [HIGH, CRITICAL] } }
deadline: 8h
steps:
`

/** Compiles a playbook of these steps (YAML, indented by two). */
export const compileSteps = (steps: string) =>
  compilePlaybook(documentOf('playbooks/contain.yaml', head + steps), actions)

/** A whole playbook, as YAML without the head lines that `compileSteps` gives. */
export function playbookFrom(id: string, body: string): Playbook {
  const text = `id: ${id}\ntitle: ${id}\nowner: team\nwhy: test\ndeadline: 8h\n${body}`
  const compiled = compilePlaybook(documentOf(`playbooks/${id}.yaml`, text), actions)
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
  return compiled.value
}

/** A playbook of these steps. */
export function playbookOf(steps: string): Playbook {
  const compiled = compileSteps(steps)
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
  return compiled.value
}

/** The problems of these steps. */
export function problemsOf(steps: string): readonly Problem[] {
  const compiled = compileSteps(steps)
  return compiled.ok ? [] : compiled.problems
}

/** Facts of an incident; every one can be replaced. */
export const factsOf = (parts: JsonObject = {}): JsonObject => ({
  number: 1,
  title: 'Takeover',
  severity: 'CRITICAL',
  score: 96,
  people: ['user17@example.com'],
  users: ['user17@example.com', 'svc-backup'],
  attackerIps: ['203.0.113.66'],
  longLivedKeys: [],
  ...parts,
})
