import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { compileBundle, parseDocument } from '../../../../src/core/content/index.ts'
import { canonicalJson, type JsonObject } from '../../../../src/core/model/index.ts'
import { exportCacao, importCacao } from '../../../../src/core/playbook/index.ts'
import { readWorkingTree } from '../../../../src/repo/index.ts'
import { documentOf } from '../../../support/document.ts'
import { cacao, end, imported, documentOf as jsonDocument, manual, uuid } from './made.ts'

const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const samples = join(data, 'playbooks/cacao')
const schemas = join(data, 'playbooks/cacao-schemas')
const at = { at: '2026-03-04T05:06:07.000Z' }
const { files, commit } = await readWorkingTree(process.cwd())
const own = files.filter((one) => /^playbooks\/[^/]+\.yaml$/.test(one.path))

/** A playbook with everything that our language has. */
const everything = `
id: everything
title: Everything
owner: team
why: To see every kind of step leave and come back.
tags: [attack.t1078]
references: ["https://example.com/a"]
trigger: { manual: true, on: [opened], when: { fact: severity, operator: in, value: [HIGH, CRITICAL] } }
inputs: { host: { type: string, description: which host, default: none } }
deadline: 8h
outputs: { said: "{{ vars.said }}" }
steps:
  - { id: note, set: { said: "{{ inputs.host }}", turns: 0 } }
  - id: guarded
    if: { all: [{ fact: severity, operator: equal, value: CRITICAL }, { not: { fact: vars.said, operator: startsWith, value: "it's" } }] }
    task: "Look at {{ inputs.host }}"
  - id: choose
    if: { any: [{ fact: score, operator: greaterThan, value: 50 }, { fact: users, operator: contains, value: root }] }
    then: [{ id: quick, task: quick }]
    else: [{ id: slow, wait: 5m }, { id: enough, stop: failed }]
  - id: which
    switch:
      - { when: { fact: score, operator: lessThan, value: 10 }, steps: [{ id: low, task: low }] }
      - { when: { fact: score, operator: lessThan, value: 20 }, steps: [{ id: middle, task: middle }] }
    default: [{ id: high, task: high }]
  - id: both
    parallel:
      - { id: left, steps: [{ id: l, task: l }] }
      - { id: right, steps: [{ id: r, waitFor: ready, timeout: 1h, onTimeout: continue }] }
    join: any
  - { id: again, while: { fact: vars.turns, operator: lessThan, value: 3 }, max: 3, do: [{ id: one-more, set: { turns: "{{ vars.turns + 1 }}" } }] }
  - { id: each, forEach: "{{ incident.people }}", as: who, max: 5, do: [{ id: tell-one, task: "Call {{ who }}" }] }
  - id: suspend
    forEach: "{{ incident.people }}"
    action: okta.suspend_user
    with: { userId: "{{ item }}" }
    expires: 24h
    retry: { attempts: 3, backoff: 1s }
    approval: { roles: [lead], quorum: 2 }
    onError: { goto: take-back }
  - { id: sure, ask: Is it over?, options: ["yes", "no"], expires: 1h, onExpiry: "no", if: { fact: score, operator: exists, value: true } }
  - { id: triage, call: phishing-triage, onError: continue }
  - { id: done, stop: true, if: { fact: vars.said, operator: equal, value: done } }
compensation:
  take-back: [{ id: undo, task: "Undo, because {{ failure.sentence }}" }]
  never-used: [{ id: unused, task: unused }]
onFailure: [{ id: say, task: "It failed at {{ failure.step }}" }]
finally: [{ id: last, task: last }]
`

function through(playbook: JsonObject): JsonObject {
  const document = jsonDocument(exportCacao(playbook, at))
  const result = importCacao(document, { owner: 'somebody else' })
  if (!result.ok) throw new Error(result.problems.map((one) => one.message).join('; '))
  return result.value.playbook
}

test.each(own.map((one) => [one.path, one.text] as const))('%s leaves and comes back as it was', (path, text) => {
  const { value } = documentOf(path, text)
  expect(canonicalJson(through(value))).toBe(canonicalJson(value))
})

test('a playbook of every kind of step leaves and comes back as it was, and compiles both times', () => {
  const { value } = documentOf('playbooks/everything.yaml', everything)
  const back = through(value)
  expect(canonicalJson(back)).toBe(canonicalJson(value))
  for (const text of [everything, stringify(back)])
    expect(compileBundle([...files, { path: 'playbooks/everything.yaml', text }], commit).problems).toEqual([])
})

test('the same playbook always gives the same document', () => {
  const { value } = documentOf('playbooks/everything.yaml', everything)
  expect(canonicalJson(exportCacao(value, at))).toBe(canonicalJson(exportCacao(structuredClone(value), at)))
})

test('an imported playbook that was changed is written anew, under the identity of its document', () => {
  const document = cacao({ [`action--${uuid(101)}`]: manual('look', end) }, `action--${uuid(101)}`, { labels: ['a'] })
  const playbook = imported(document)
  const changed = { ...playbook, steps: [{ id: 'other', task: 'something else' }] }
  const exported = exportCacao(changed, at)
  expect(exported).toMatchObject({ id: document.id, created: document.created, labels: ['a'], modified: at.at })
  expect(JSON.stringify(exported.workflow)).toContain('something else')
  const again = imported(exported)
  expect(again.steps).toEqual(changed.steps)
})

describe.skipIf(!existsSync(samples))('the samples of COSSAS/SOARCA', () => {
  const names = existsSync(samples) ? readdirSync(samples) : []
  const isInvalid = (name: string) => /invalid|missing/.test(name)
  test.each(names.filter((name) => !isInvalid(name)))('%s comes back from our YAML as it was', (name) => {
    const document = sample(name)
    const result = importCacao(document, { owner: 'incident-response' })
    if (!result.ok) throw new Error(result.problems.map((one) => one.message).join('; '))
    const path = `playbooks/${String(result.value.playbook.id)}.yaml`
    const text = stringify(result.value.playbook)
    expect(compileBundle([...files, { path, text }], commit).problems).toEqual([])
    expect(canonicalJson(exportCacao(documentOf(path, text).value, at))).toBe(canonicalJson(document.value))
  })
  test.each([
    ['test__invalid_email_playbook.json', 'is no mail address', 49],
    ['test__missing_step_playbook.json', 'there is no step', 82],
  ] as const)('%s is refused with its reason', (name, sentence, line) => {
    const result = importCacao(sample(name), { owner: 'incident-response' })
    const errors = result.ok ? [] : result.problems.filter((one) => one.severity === 'error')
    expect(errors.map((one) => [one.message.includes(sentence), one.place?.line])).toEqual([[true, line]])
  })
  function sample(name: string) {
    const parsed = parseDocument(name, readFileSync(join(samples, name), 'utf8'))
    if (!parsed.ok) throw new Error(parsed.problems.map((one) => one.message).join('; '))
    return parsed.value
  }
})

describe.skipIf(!existsSync(schemas))('the schemas of OASIS', () => {
  const validate = existsSync(schemas) ? validator() : () => null
  test.each([...own.map((one) => [one.path, one.text] as const), ['playbooks/everything.yaml', everything] as const])(
    'accept what %s is exported as',
    (path, text) => {
      expect(validate(exportCacao(documentOf(path, text).value, at))).toBeNull()
    },
  )
  test('refuse a document without a workflow', () => {
    const { workflow: _workflow, ...rest } = exportCacao(documentOf('playbooks/everything.yaml', everything).value, at)
    expect(validate(rest)).toContain('workflow')
  })
})

/** The published schemas, by their own ids. They are written for draft 7 and use one word of a later one, which draft 7 ignores. */
function validator(): (value: JsonObject) => string | null {
  const ajv = new Ajv.default({ strict: false, allErrors: true })
  const texts = readdirSync(schemas, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.json'))
  for (const name of texts) ajv.addSchema(JSON.parse(readFileSync(join(schemas, name), 'utf8')) as object)
  const check = ajv.getSchema(
    'https://raw.githubusercontent.com/oasis-open/cacao-json-schemas/main/schemas/playbook.json',
  )
  if (check === undefined) throw new Error('the schema of playbooks is not there')
  return (value) => (check(value) === true ? null : JSON.stringify(check.errors))
}
