import { expect, test } from 'vitest'
import type { JsonObject } from '../../../../src/core/model/index.ts'
import { agent, cacao, end, errorsOf, imported, manual, start, uuid } from './made.ts'

const a = (n: number) => `action--${uuid(100 + n)}`
const good = cacao({ [a(1)]: manual('look', end) }, a(1))
const step = (parts: JsonObject, type = 'action') =>
  cacao({ [`${type}--${uuid(101)}`]: { ...manual('look', end), type, ...parts } }, `${type}--${uuid(101)}`)
const condition = (text: string) => step({ condition: text, on_true: end, on_false: end }, 'if-condition')

const wrong: readonly (readonly [title: string, document: JsonObject, sentence: string])[] = [
  ['another type', { ...good, type: 'bundle' }, 'the type of a playbook is "playbook"'],
  ['another version', { ...good, spec_version: '1.1' }, 'spec_version is "cacao-2.0"'],
  ['an id without a UUID', { ...good, id: 'playbook--1' }, 'id has the form "playbook--uuid"'],
  ['the id of something else', { ...good, id: `identity--${uuid(3)}` }, 'id has the form "playbook--uuid"'],
  ['no author', { ...good, created_by: '' }, 'created_by has the form'],
  ['no name', { ...good, name: '' }, 'a playbook has a name'],
  ['a time that is none', { ...good, created: 'yesterday' }, 'created is a time'],
  ['a playbook that was revoked', { ...good, revoked: true }, 'has revoked it'],
  ['a priority of 101', { ...good, priority: 101 }, 'priority is a whole number'],
  ['no workflow', { ...good, workflow: [] }, 'a playbook has a workflow'],
  ['a start that is not there', { ...good, workflow_start: `start--${uuid(55)}` }, 'workflow_start names no step'],
  ['a start named like a prototype', { ...good, workflow_start: 'constructor' }, 'workflow_start names no step'],
  ['a way to a step that is not there', cacao({ [a(1)]: manual('look', a(9)) }, a(1)), 'there is no step "action--'],
  [
    'a way that goes round',
    cacao({ [a(1)]: manual('look', a(2)), [a(2)]: manual('look', a(1)) }, a(1)),
    'leads back to',
  ],
  ['a step that leads to itself', cacao({ [a(1)]: manual('look', a(1)) }, a(1)), 'leads back to'],
  ['a way without end', step({ on_completion: undefined as never }), 'nothing says what comes after'],
  [
    'no end step',
    { ...good, workflow: { [start]: { type: 'start', on_completion: start } } },
    'the workflow has no end step',
  ],
  ['on_completion beside on_failure', step({ on_failure: end }), 'beside on_completion'],
  [
    'an end that leads on',
    { ...good, workflow: { ...(good.workflow as JsonObject), [end]: { type: 'end', on_completion: a(1) } } },
    'an end step leads nowhere',
  ],
  ['an unknown type of step', step({ type: 'single' }), 'there is no type of step "single"'],
  [
    'a step whose id is of another type',
    cacao({ [`end--${uuid(7)}`]: manual('look', end) }, `end--${uuid(7)}`),
    'has the form "action--uuid"',
  ],
  ['an agent that is not there', step({ agent: `group--${uuid(8)}` }), 'there is no agent'],
  ['a target that is not there', step({ targets: [`group--${uuid(8)}`] }), 'there is no target'],
  ['no command', step({ commands: [] }), 'at least one command'],
  ['a command without a type', step({ commands: [{ command: 'x' }] }), 'a command has a type'],
  [
    'a content that is no base64',
    step({ commands: [{ type: 'http-api', content_b64: '%%' }] }),
    'content_b64 is base64',
  ],
  ['a negative delay', step({ delay: -1 }), 'delay is a whole number'],
  ['a playbook without an id', step({ playbook_id: 'x' }, 'playbook-action'), 'playbook_id has the form'],
  ['one parallel branch', step({ next_steps: [end] }, 'parallel'), 'at least two next_steps'],
  [
    'a case that leads nowhere',
    step({ switch: '__x__:value', cases: { a: 'end--x' } }, 'switch-condition'),
    'there is no step "end--x"',
  ],
  [
    'a variable with a bad name',
    { ...good, playbook_variables: { x: { type: 'string' } } },
    'a variable is named like __name__',
  ],
  [
    'a number that is none',
    { ...good, playbook_variables: { __x__: { type: 'integer', value: 'x' } } },
    '"x" is no integer',
  ],
  [
    'a mail address with a command in it',
    {
      ...good,
      agent_definitions: {
        [agent]: { type: 'individual', name: 'x', contact: { email: { work: 'a@example.com;`id`' } } },
      },
    },
    'is no mail address',
  ],
  [
    'a login that is not there',
    {
      ...good,
      agent_definitions: { [agent]: { type: 'ssh', name: 'x', authentication_info: `user-auth--${uuid(9)}` } },
    },
    'no authentication information',
  ],
  ['a result in an unknown variable', step({ out_args: ['__x__'] }), 'there is no variable "__x__"'],
  ['a condition on an unknown variable', condition(`__x__:value = 'a'`), 'there is no variable __x__'],
  ['a condition on an observable', condition(`[ipv4-addr:value = '203.0.113.1']`), 'cannot be expressed'],
  [
    'a condition that matches a pattern',
    { ...condition(`__y__:value MATCHES '.*'`), playbook_variables: { __y__: { type: 'string' } } },
    '"MATCHES" cannot be expressed',
  ],
  [
    'a condition that nests too deep',
    condition(`${'('.repeat(30)}__x__:value = 'a'${')'.repeat(30)}`),
    'nests more than',
  ],
  [
    'a condition that is left open',
    { ...condition(`(__y__:value = 'a'`), playbook_variables: { __y__: { type: 'string' } } },
    'a ")" is missing',
  ],
  [
    'a number compared with a word',
    { ...condition(`__y__:value = abc`), playbook_variables: { __y__: { type: 'integer' } } },
    'is no integer',
  ],
]

test.each(wrong)('refuses %s', (_title, document, sentence) => {
  const errors = errorsOf(JSON.parse(JSON.stringify(document)) as JsonObject)
  expect(errors.map((one) => one.message).join('\n')).toContain(sentence)
  for (const one of errors) expect(one.place?.file).toBe('shared.json')
})

test('names the line and column of what is wrong', () => {
  const [error] = errorsOf({ ...good, id: 'x' })
  expect(error?.place).toEqual({ file: 'shared.json', line: 4, column: 9 })
})

test('takes the document that the wrong ones were made of', () => {
  expect(errorsOf(good)).toEqual([])
  expect(imported(good)).toMatchObject({ id: `cacao-${uuid(3)}`, owner: 'team', trigger: { manual: true } })
})
