import { expect, test } from 'vitest'
import type { JsonObject } from '../../../../src/core/model/index.ts'
import { extensionId } from '../../../../src/core/playbook/cacao/form.ts'
import { agent, cacao, end, imported, manual, played, uuid } from './made.ts'

const a = (n: number) => `action--${uuid(100 + n)}`
const ended = (n: number) => `end--${uuid(200 + n)}`
const flag: JsonObject = { type: 'bool', value: 'false', external: true, description: 'whether it is so' }
const level: JsonObject = { type: 'integer', value: '3', external: true }
const name: JsonObject = { type: 'string', value: 'red', external: true }

interface Case {
  readonly title: string
  readonly workflow: JsonObject
  readonly first: string
  readonly parts?: JsonObject
  readonly inputs?: JsonObject
  readonly answers?: Readonly<Record<string, string>>
  readonly tasks: readonly string[]
  readonly status?: string
}

const ifStep = `if-condition--${uuid(10)}`
const whether = (condition: string): Pick<Case, 'workflow' | 'first'> => ({
  first: ifStep,
  workflow: {
    [ifStep]: { type: 'if-condition', condition, on_true: a(1), on_false: a(2), on_completion: a(3) },
    [a(1)]: manual('yes', ended(1)),
    [a(2)]: manual('no', ended(2)),
    [a(3)]: manual('after', end),
    [ended(1)]: { type: 'end' },
    [ended(2)]: { type: 'end' },
  },
})
const variables = { playbook_variables: { __flag__: flag, __level__: level, __name__: name } }
const switchStep = `switch-condition--${uuid(11)}`
const choose: Pick<Case, 'workflow' | 'first' | 'parts'> = {
  first: switchStep,
  parts: variables,
  workflow: {
    [switchStep]: {
      type: 'switch-condition',
      switch: '__name__:value',
      cases: { red: a(1), green: ended(2), default: a(3) },
      on_completion: end,
    },
    [a(1)]: manual('red', ended(1)),
    [a(3)]: manual('other', ended(3)),
    [ended(1)]: { type: 'end' },
    [ended(2)]: { type: 'end' },
    [ended(3)]: { type: 'end' },
  },
}
const whileStep = `while-condition--${uuid(12)}`
const parallel = `parallel--${uuid(13)}`

const cases: readonly Case[] = [
  {
    title: 'an action of several commands is one task for each',
    first: a(1),
    workflow: {
      [a(1)]: manual('', end, {
        name: 'Look',
        commands: [
          { type: 'manual', command: 'first' },
          { type: 'bash', command: 'rm -rf /' },
        ],
      }),
    },
    tasks: ['first', 'Do by hand (bash): rm -rf /'],
  },
  {
    title: 'if takes on_true',
    ...whether(`__flag__:value = 'true'`),
    parts: variables,
    inputs: { flag: true },
    tasks: ['yes', 'after'],
  },
  { title: 'if takes on_false', ...whether(`__flag__:value = 'true'`), parts: variables, tasks: ['no', 'after'] },
  {
    title: 'numbers are compared as numbers',
    ...whether('[__level__:value >= 10]'),
    parts: variables,
    inputs: { level: 9 },
    tasks: ['no', 'after'],
  },
  {
    title: 'AND, OR, NOT, IN and brackets',
    ...whether(`NOT (__name__:value IN ('a', 'b')) AND (__level__:value > 5 OR __flag__:value = 'true')`),
    parts: variables,
    inputs: { flag: true },
    tasks: ['yes', 'after'],
  },
  { title: 'a switch takes its case', ...choose, inputs: { name: 'red' }, tasks: ['red'] },
  { title: 'an empty case keeps the default from being taken', ...choose, inputs: { name: 'green' }, tasks: [] },
  { title: 'a switch without a fitting case takes the default', ...choose, inputs: { name: 'blue' }, tasks: ['other'] },
  {
    title: 'while repeats until a person says that it is over',
    first: whileStep,
    parts: { playbook_variables: { __again__: { type: 'bool', value: 'true' } } },
    workflow: {
      [whileStep]: {
        type: 'while-condition',
        condition: `__again__:value = 'true'`,
        on_true: a(1),
        on_completion: a(3),
      },
      [a(1)]: manual('look', a(2)),
      [a(2)]: manual('again?', ended(1), { name: 'again', out_args: ['__again__'] }),
      [a(3)]: manual('after', end),
      [ended(1)]: { type: 'end' },
    },
    answers: { 'repeat#1/again': 'false', again: 'true' },
    tasks: ['look', 'look', 'after'],
  },
  {
    title: 'parallel does every branch',
    first: parallel,
    workflow: {
      [parallel]: { type: 'parallel', next_steps: [a(1), a(2), ended(3)], on_completion: a(3) },
      [a(1)]: manual('left', ended(1)),
      [a(2)]: manual('right', ended(2)),
      [a(3)]: manual('after', end),
      [ended(1)]: { type: 'end' },
      [ended(2)]: { type: 'end' },
      [ended(3)]: { type: 'end' },
    },
    tasks: ['left', 'right', 'after'],
  },
  {
    title: 'variables stand in commands, constants and local ones too',
    first: a(1),
    parts: { playbook_variables: { '__host-name__': { type: 'string', value: 'db {{ 1 + 1 }} 1', constant: true } } },
    workflow: {
      [a(1)]: manual('restart __host-name__:value by __who__:value, not __else__:value', end, {
        step_variables: { __who__: { type: 'string', value: 'me', constant: true } },
      }),
    },
    tasks: ['restart db {{ 1 + 1 }} 1 by me, not __else__:value'],
  },
  {
    title: 'a delay is waited for and an end ends',
    first: a(1),
    workflow: { [a(1)]: manual('late', end, { delay: 90_000 }) },
    tasks: ['late'],
  },
]

test.each(cases)('$title', async ({ workflow, first, parts, inputs, answers, tasks, status }) => {
  const steps = first === whileStep ? named(workflow) : workflow
  const result = await played(cacao(steps, first, parts), {
    ...(inputs === undefined ? {} : { inputs }),
    answers: new Map(Object.entries(answers ?? {})),
  })
  expect(result.tasks).toEqual(tasks)
  expect(result.end.status).toBe(status ?? 'completed')
  expect(result.open).toEqual([])
  expect(result.effects).toEqual([])
})

const named = (workflow: JsonObject): JsonObject => ({
  ...workflow,
  [whileStep]: { ...(workflow[whileStep] as JsonObject), name: 'repeat' },
})

test('a playbook calls another, gives it variables and takes its results', async () => {
  const callee = cacao({ [a(1)]: manual('ask __who__:value', end) }, a(1), {
    id: `playbook--${uuid(77)}`,
    playbook_variables: { __who__: { type: 'string', external: true } },
  })
  const call = `playbook-action--${uuid(14)}`
  const caller = cacao(
    {
      [call]: {
        type: 'playbook-action',
        playbook_id: `playbook--${uuid(77)}`,
        in_args: ['__who__'],
        out_args: ['__who__'],
        on_completion: a(2),
      },
      [a(2)]: manual('told __who__:value', end),
    },
    call,
    { playbook_variables: { __who__: { type: 'string', value: 'Kim' } } },
  )
  const result = await played(caller, {}, [callee])
  expect(result.tasks).toEqual(['ask Kim', 'told Kim'])
})

const suspend = (parts: JsonObject): JsonObject => ({
  type: 'action',
  name: 'Suspend',
  agent,
  commands: [{ type: 'manual', command: 'suspend the account' }],
  step_extensions: {
    [extensionId]: {
      step: {
        action: 'okta.suspend_user',
        with: { userId: 'user17@example.com' },
        expires: '24h',
        retry: { attempts: 3, backoff: '2s' },
        approval: { roles: ['lead'], quorum: 2 },
      },
    },
  },
  ...parts,
})

test('our extension makes an action, with retry, expiry and an approval that the gate asks for', async () => {
  const document = cacao({ [a(1)]: suspend({ on_completion: end }) }, a(1))
  const result = await played(document, { answers: new Map([['suspend', 'approve' as const]]) })
  expect(imported(document).steps).toMatchObject([
    { action: 'okta.suspend_user', retry: { attempts: 3 }, expires: '24h' },
  ])
  expect(result.effects).toMatchObject([
    { action: 'okta.suspend_user', outcome: 'done', asked: { roles: ['lead'], quorum: 2 } },
  ])
})

test.each([
  ['fails', 'failed', ['take it back', 'say so']],
  ['is done', 'completed', ['after']],
] as const)(
  'on_failure takes back and workflow_exception is told when the action %s',
  async (ending, status, tasks) => {
    const document = cacao(
      {
        [a(1)]: suspend({ on_success: a(2), on_failure: a(3) }),
        [a(2)]: manual('after', end),
        [a(3)]: manual('take it back', ended(1)),
        [a(4)]: manual('say so', ended(2)),
        [ended(1)]: { type: 'end' },
        [ended(2)]: { type: 'end' },
      },
      a(1),
      { workflow_exception: a(4) },
    )
    const results = new Map([
      ['suspend', { status: ending === 'fails' ? ('failed' as const) : ('done' as const), output: null }],
    ])
    const result = await played(document, { results, answers: new Map([['suspend', 'approve' as const]]) })
    expect(result.tasks).toEqual(tasks)
    expect(result.end.status).toBe(status)
  },
)
