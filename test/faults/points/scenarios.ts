import { type Bundle, compileBundle, formatProblems } from '../../../src/core/content/index.ts'
import { type Answer, vendorManifest } from '../../respond/vendor.ts'

/** A playbook with what happens to it from outside: how the vendor answers, what people say and do, what a person starts. */
export interface Scenario {
  readonly id: string
  /** Steps and whatever else stands beside them, as YAML. */
  readonly playbook: string
  /** Answers of the vendor to its first calls; it does what it is asked after that. */
  readonly vendor?: readonly Answer[]
  /** What people say to a question, by its path; `silence` = nobody says anything. They approve what is not named. */
  readonly people?: Readonly<Record<string, string>>
  /** What a person does to the run, one after the other, each when nothing of it goes on by itself. */
  readonly hands?: readonly Hand[]
  /** Whether containments are kept equal with their files until none holds. */
  readonly reconciles?: boolean
  /** A request to its webhook starts it, or time does; a person without it. */
  readonly start?: 'webhook' | 'every'
  /** Whether workers go on in the running form, woken by NOTIFY and the clock, with leases that run out. */
  readonly isRunning?: boolean
}

export type Hand =
  | `glass ${string}`
  | 'pause'
  | 'resume'
  | 'cancel'
  | 'cancel-rollback'
  | 'close'
  | `signal ${string}`
  | `rerun ${string}`

const act = (verb: string, user: string, more = '') =>
  `{ id: ${verb}-${user}, action: vendor.${verb}, with: { user: ${user} }${more} }`
const lock = (user: string, more = '') =>
  act('lock', user, `, expires: 24h, retry: { attempts: 5, backoff: 1s }${more}`)
const stamp = (user: string, more = '') => act('stamp', user, `, expires: 24h${more}`)
const wipe = (user: string, more = '') => act('wipe', user, `, expires: 24h${more}`)
const fail = (user: string, more = '') => act('fail', user, `, expires: 24h${more}`)
const unlock = (user: string) => act('unlock', user, ', expires: 24h, retry: { attempts: 5, backoff: 1s }')
const steps = (...all: readonly string[]) => `steps:\n${all.map((one) => `  - ${one}\n`).join('')}`
const branch = (id: string, ...all: readonly string[]) => `{ id: ${id}, steps: [${all.join(', ')}] }`
const ask = (more: string) =>
  `{ id: choose, ask: Is it his?, options: [his, theirs], to: { roles: [responder] }, expires: 1h${more} }`
const asked = ', approval: { roles: [responder], quorum: 1, expires: 1h }'
const isAnswered = (step: string, value: string) => `{ fact: steps.${step}, operator: equal, value: ${value} }`

const plain: readonly Scenario[] = [
  {
    id: 'sequence',
    playbook: steps(lock('u1'), stamp('u2'), act('look', 'u3'), wipe('u4'), '{ id: call, task: Call }'),
  },
  { id: 'retry', playbook: steps(lock('u1'), stamp('u2')), vendor: [429, 500, 'lost', 200, 'garbage'] },
  {
    id: 'ways',
    playbook: steps(
      act('look', 'u1'),
      `{ id: way, if: ${isAnswered('look-u1.output.level', '7')}, then: [${lock('u2')}], else: [{ id: no, task: No }] }`,
      `{ id: which, switch: [{ when: ${isAnswered('look-u1.output.level', '3')}, steps: [{ id: odd, task: Odd }] }], default: [${stamp('u3')}] }`,
    ),
  },
  {
    id: 'parallel all',
    playbook: steps(
      `{ id: both, join: all, parallel: [${branch('a', lock('u1'), stamp('u2'))}, ${branch('b', wipe('u3'))}] }`,
      lock('u4'),
    ),
  },
  {
    id: 'parallel any',
    playbook: steps(
      `{ id: race, join: any, parallel: [${branch('a', stamp('u1'))}, ${branch('b', '{ id: long, wait: 2h }', lock('u2'))}] }`,
      lock('u3'),
    ),
  },
  {
    id: 'parallel two of three',
    playbook: steps(
      `{ id: most, join: 2, parallel: [${branch('a', lock('u1'))}, ${branch('b', fail('u2'))}, ${branch('c', '{ id: short, wait: 1m }', stamp('u3'))}] }`,
      '{ id: call, task: Call }',
    ),
  },
  {
    id: 'for each',
    playbook: steps(
      `{ id: all, forEach: "{{ ['u1', 'u2', 'u3'] }}", concurrency: 2, action: vendor.lock, with: { user: "{{ item }}" }, expires: 24h, retry: { attempts: 5, backoff: 1s } }`,
      '{ id: call, task: Call }',
    ),
  },
  {
    id: 'while',
    playbook: steps(
      '{ id: zero, set: { n: 0 } }',
      `{ id: again, while: { fact: vars.n, operator: lessThan, value: 3 }, max: 5, do: [{ id: stamp, action: vendor.stamp, with: { user: "u{{ vars.n }}" }, expires: 24h }, { id: more, set: { n: "{{ vars.n + 1 }}" } }] }`,
    ),
  },
  { id: 'call', playbook: steps('{ id: other, call: inner, with: { user: u1 } }', stamp('u2')) },
  { id: 'wait for a time', playbook: steps(lock('u1'), '{ id: pause, wait: 1h }', stamp('u2')) },
  {
    id: 'wait for a signal',
    playbook: steps(stamp('u1'), '{ id: reply, waitFor: go, timeout: 1h }', lock('u2')),
    hands: ['signal go'],
  },
  {
    id: 'wait for a signal that does not come',
    playbook: steps('{ id: reply, waitFor: go, timeout: 1h, onTimeout: continue }', lock('u2')),
  },
  {
    id: 'ask',
    playbook: steps(
      ask(''),
      `{ id: way, if: ${isAnswered('choose.output.answer', 'theirs')}, then: [${lock('u1')}], else: [{ id: no, task: No }] }`,
    ),
    people: { choose: 'theirs' },
  },
  {
    id: 'ask in vain',
    playbook: steps(ask(', onExpiry: theirs'), lock('u1')),
    people: { choose: 'silence' },
  },
  { id: 'approved', playbook: steps(wipe('u1', asked), stamp('u2')) },
  {
    id: 'approved by two',
    playbook: steps(lock('u1', ', approval: { roles: [responder], quorum: 2, expires: 1h }')),
  },
  { id: 'denied', playbook: steps(wipe('u1', asked), lock('u2')), people: { 'wipe-u1': 'deny' } },
  { id: 'approval expires', playbook: steps(wipe('u1', asked), lock('u2')), people: { 'wipe-u1': 'silence' } },
  {
    id: 'compensation',
    playbook: `${steps(lock('u1'), fail('u2', ', onError: { goto: back }'))}compensation:\n  back:\n    - ${unlock('u1')}\nonFailure:\n  - { id: told, task: Failed }\nfinally:\n  - ${stamp('u3')}\n`,
  },
  {
    id: 'cancelled and taken back',
    playbook: `${steps(lock('u1'), lock('u2'), wipe('u3'), '{ id: hold, wait: 1h }', lock('u4'))}finally:\n  - { id: last, task: Last }\n`,
    hands: ['cancel-rollback'],
  },
  {
    id: 'cancelled',
    playbook: `${steps(lock('u1'), ask(''), lock('u2'))}finally:\n  - ${stamp('u3')}\n`,
    hands: ['cancel'],
    people: { choose: 'silence' },
  },
  {
    id: 'paused and resumed',
    playbook: steps(lock('u1'), '{ id: hold, wait: 1h }', stamp('u2')),
    hands: ['pause', 'resume'],
  },
  {
    id: 'done again from a step',
    playbook: steps(lock('u1'), '{ id: hold, wait: 1m }', stamp('u2')),
    hands: ['rerun stamp-u2'],
  },
  { id: 'containment expires', playbook: steps(lock('u1'), lock('u2')), reconciles: true },
  { id: 'incident closed', playbook: steps(lock('u1'), stamp('u2')), hands: ['close'], reconciles: true },
  {
    id: 'webhook',
    playbook: `inputs:\n  who: { type: string, description: who, maxLength: 10 }\n${steps(lock('"{{ inputs.who }}"').replace(/id: [^,]*/, 'id: lock'), stamp('u2'))}`,
    start: 'webhook',
  },
  {
    id: 'simulated',
    playbook: steps(
      '{ id: quiet, action: practice.lock, with: { user: u1 }, expires: 24h }',
      '{ id: mail, action: email.send, with: { to: a@example.com, subject: x, text: y } }',
      '{ id: more, action: practice.lock, with: { user: u2 }, expires: 24h }',
    ),
  },
  {
    id: 'no answer',
    playbook: steps(lock('u1', ', timeout: 1s'), stamp('u2', ', timeout: 1s')),
    vendor: ['never', 200, 'lost'],
  },
  { id: 'denial overruled', playbook: steps(lock('vault'), stamp('u2')), hands: ['glass lock-vault'] },
  { id: 'denial of wiping overruled', playbook: steps(wipe('vault')), hands: ['glass wipe-vault'] },
  { id: 'every quarter of an hour', playbook: steps(lock('u1')), start: 'every', isRunning: true },
  { id: 'only lock', playbook: steps(lock('u1')) },
  { id: 'only stamp', playbook: steps(stamp('u1')) },
  { id: 'only wipe', playbook: steps(wipe('u1')) },
]

const running = ['sequence', 'compensation', 'wait for a time', 'approved', 'cancelled and taken back']

/** Every kind of step of the language, and everything that people, time and vendors do to a run. */
export const scenarios: readonly Scenario[] = [
  ...plain,
  ...plain
    .filter(({ id }) => running.includes(id))
    .map((one) => ({ ...one, id: `${one.id} running`, isRunning: true })),
]

/** Whether a text is a path of one of its steps: `lock-u1~undo`, `all[u2]`. */
export function pathsOf({ playbook }: Scenario): (text: string) => boolean {
  const ids = new Set([...`${playbook}${inner}`.matchAll(/\bid: ([a-z0-9_-]+)/g)].map(([, id]) => id))
  return (text) => ids.has(text.split(/[~#?./[]/)[0])
}

export const slug = (id: string) => id.replaceAll(' ', '-')

const hook =
  'webhook: { path: reports, verify: { scheme: static-header, secret: reports-hook, header: x-key }, key: "{{ body.report }}", inputs: { who: "{{ body.who }}" } }, once: change'
const triggers = {
  webhook: hook,
  every: 'every: 15m, when: { fact: number, operator: greaterThan, value: 0 }, once: change',
}
const inner = `inputs:\n  user: { type: string, description: who, maxLength: 10 }\nsteps:\n  - { id: lock, action: vendor.lock, with: { user: "{{ inputs.user }}" }, expires: 24h, retry: { attempts: 5, backoff: 1s } }\n  - { id: wipe, action: vendor.wipe, with: { user: "{{ inputs.user }}" }, expires: 24h }\noutputs: { who: "{{ inputs.user }}" }\n`
const email =
  'id: email\ntitle: Mail\ndocs: https://www.rfc-editor.org/rfc/rfc5322\nactions:\n  - id: send\n    title: Write\n    effect: notify\n    target: to\n    input: { type: object, required: [to, subject, text], properties: { to: { type: string }, subject: { type: string }, text: { type: string } } }\n    handler: outbox-email\n'

/** Its playbook with what it needs; everything is allowed but what a step asks people for. */
export function scenarioBundle({ id, playbook: own, start }: Scenario): Bundle {
  const playbook = (id: string, trigger: string, text: string) => ({
    path: `playbooks/${id}.yaml`,
    text: `id: ${id}\ntitle: ${id}\nowner: team\nwhy: faults\ntrigger: { ${trigger} }\ndeadline: 8h\n${text}`,
  })
  const vendor = vendorManifest['integrations/vendor/integration.yaml']
  const files = [
    { path: 'integrations/vendor/integration.yaml', text: vendor },
    {
      path: 'integrations/practice/integration.yaml',
      text: vendor.replace('id: vendor', 'id: practice').replaceAll('vendor-token', 'practice-token'),
    },
    { path: 'integrations/email/integration.yaml', text: email },
    {
      path: 'rules/approval/team.yaml',
      text: 'id: team\ntitle: Team\nowner: team\nwhy: faults\nrules:\n  - { effects: [read, notify, reversible, destructive], answer: allow, reason: trust }\nprotectedTargets:\n  - { target: vault, answer: deny, reason: ours }\nbreakGlass: { roles: [responder], quorum: 2, expires: 1h }\n',
    },
    playbook('inner', 'manual: true', inner),
    playbook(slug(id), start === undefined ? 'manual: true' : triggers[start], own),
  ]
  const { bundle, problems } = compileBundle(files, 'faults')
  if (bundle === null) throw new Error(formatProblems(problems, files, 'text'))
  return bundle
}
