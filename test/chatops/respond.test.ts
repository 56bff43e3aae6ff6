import { expect, test } from 'vitest'
import { listIndicators, readCase, saveIncidents, takeWork } from '../../src/cases/index.ts'
import { madeIncident } from '../cases/made.ts'
import { analyst, talk } from './talk.ts'

const byHand = `  - { id: say, task: "Look at {{ inputs.host }}" }\n`
const manual = (steps: string) => steps

/** A world whose playbook is started by hand and takes inputs. */
async function handWorld() {
  const world = await talk({ steps: manual(byHand.replace('{{ inputs.host }}', 'it')) })
  const [playbook] = [...world.live.playbooks.values()]
  if (playbook === undefined) throw new Error('no playbook')
  const inputs = {
    type: 'object',
    required: ['host'],
    additionalProperties: false,
    properties: {
      host: { type: 'string' },
      hours: { type: 'integer', minimum: 1 },
      loud: { type: 'boolean' },
      names: { type: 'array', items: { type: 'string' } },
    },
  }
  const changed = { ...playbook, id: 'look', inputs, trigger: { ...playbook.trigger, manual: true } }
  const live = { ...world.live, playbooks: new Map([...world.live.playbooks, ['look', changed]]) }
  return { ...world, parts: Object.assign(world.parts, { bundle: () => live }) }
}

test('/run starts a playbook with inputs of the types that it declares', async () => {
  const world = await handWorld()
  const reply = await world.say('/run look host=12 hours=3 loud=true names=["a","b"] "seen by the owner"')
  expect(reply).toMatchObject({
    ok: true,
    changed: true,
    lines: [expect.stringMatching(/started "look" as run-/), expect.any(String)],
  })
  expect(await world.rows(`select playbook, inputs, trigger from run where playbook = 'look'`)).toEqual([
    { playbook: 'look', trigger: 'manual', inputs: { host: '12', hours: 3, loud: true, names: ['a', 'b'] } },
  ])
})

test.each<[string, string, RegExp]>([
  ['an input that is missing', '/run look', /host.*it takes host=string, hours=integer \(may be left out\)/s],
  ['an input of another type', '/run look host=a hours=many', /"hours" is "many", which is no integer/],
  ['an input that is out of bounds', '/run look host=a hours=0', /hours/],
  ['an input that there is not', '/run look hots=a', /no input "hots": did you mean "host"\?/],
  ['a name that objects have by birth', '/run look host=a constructor=x', /no input "constructor"/],
  ['a playbook that there is not', '/run loook host=a', /no playbook "loook": did you mean "look"\?/],
  ['a playbook that is not started by hand', '/run contain', /not started by hand.*started by hand: look/s],
])('/run says of %s what is wrong', async (_name, text, said) => {
  const world = await handWorld()
  const before = await world.stored()
  const reply = await world.say(text)
  expect(reply).toMatchObject({ ok: false, changed: false })
  expect(reply.lines.join('\n')).toMatch(said)
  expect(await world.stored()).toEqual(before)
})

test.each(['/cancel', '/cancel contain wrong host', '/rollback', '/rollback run-'])('%s ends the run', async (text) => {
  const world = await talk()
  await world.drain()
  const [run] = await world.rows<{ id: string }>('select id from run')
  const reply = await world.say(text.endsWith('run-') ? `/rollback ${run?.id.slice(0, 12)}` : text)
  expect(reply).toMatchObject({ ok: true, changed: true })
  await world.drain()
  expect(await world.rows('select status, rollback from run')).toEqual([
    { status: 'cancelled', rollback: text.startsWith('/rollback') },
  ])
  expect((await world.say('/cancel')).lines[0]).toMatch(/no run of INC-1 is under way/)
  expect((await world.say('/cancel contain-x')).lines[0]).toMatch(/no run contain-x of INC-1/)
})

test('/cancel of one who may not changes nothing', async () => {
  const world = await talk()
  await world.drain()
  const before = await world.stored()
  for (const text of ['/cancel', '/rollback', '/run look', '/indicator 198.51.100.7 bad'])
    expect((await world.say(text, analyst)).lines[0]).toMatch(/needs one of the roles responder, incident-lead/)
  expect(await world.stored()).toEqual(before)
})

const score = (points: number, severity: 'LOW' | 'HIGH') =>
  ({ score: points, severity, contributions: [], explanation: '', recommendation: '' }) as const

test("a person's severity stands before the machine's, whatever the machine finds, until it is taken back", async () => {
  const world = await talk()
  const save = (points: number, severity: 'LOW' | 'HIGH') =>
    world.store.transaction((tx) => saveIncidents(tx, [madeIncident({ assessment: score(points, severity) })]))
  const now = async () => (await world.store.transaction((tx) => readCase(tx, 1)))?.incident.assessment
  const column = async () => (await world.rows('select severity from incident where number = 1'))[0]
  await save(10, 'LOW')
  const reply = await world.say('/severity critical it is the payroll host')
  expect(reply.lines[0]).toContain(
    'now CRITICAL 10/100 (said by analyst-1: it is the payroll host; the score says LOW)',
  )
  expect(await now()).toMatchObject({ severity: 'CRITICAL', score: 10, said: { by: 'analyst-1' } })
  await save(60, 'HIGH')
  expect(await now()).toMatchObject({ severity: 'CRITICAL', score: 60 })
  expect(await column()).toEqual({ severity: 'CRITICAL' })
  expect((await world.say('/severity critical again')).lines[0]).toBe(
    'the severity is CRITICAL already, said by analyst-1',
  )
  expect((await world.store.transaction(takeWork))[0]?.assessment).toMatchObject({ severity: 'CRITICAL' })
  expect((await world.say('/severity machine')).lines[0]).toContain("the severity is the machine's again")
  expect(await now()).toEqual(score(60, 'HIGH'))
  expect(await column()).toEqual({ severity: 'HIGH' })
  expect((await world.say('/severity machine')).lines[0]).toMatch(/the severity is the machine's already/)
})

test('/severity of an incident that was not scored says so', async () => {
  const world = await talk()
  expect((await world.say('/severity high because')).lines[0]).toBe('incident 1 has no severity yet')
})

test('/indicator puts a value on the list for so long, and tells the story', async () => {
  const world = await talk()
  expect((await world.say('/indicator 198.51.100.7 ip 30d its server')).lines[0]).toBe(
    'ip 198.51.100.7 is an indicator until 1970-01-31 00:16:40 UTC; alerts that come from now on count it',
  )
  expect(await world.store.transaction((tx) => listIndicators(tx, { at: 0 }))).toMatchObject([
    { value: '198.51.100.7', actor: 'analyst-1', incident: 1, validUntil: 1_000_000 + 30 * 86_400_000 },
  ])
  const file = await world.store.transaction((tx) => readCase(tx, 1))
  expect(file?.timeline.at(-1)?.sentence).toBe('named the ip 198.51.100.7 as malicious: its server')
  expect((await world.say('/indicator 198.51.100.7 ip 30d its server')).lines[0]).toMatch(/is an indicator already/)
  expect((await world.say('/indicator payroll bad')).lines[0]).toMatch(/what "payroll" is cannot be told/)
})

test('/similar says which incidents are alike and by what', async () => {
  const world = await talk()
  expect((await world.say('/similar')).lines).toEqual([
    'INC-2 (new): Another; both have values user:user17; techniques T1621',
  ])
  expect((await world.say('INC-77 similar')).lines).toEqual(['there is no incident 77'])
})
