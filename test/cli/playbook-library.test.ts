import { expect, test } from 'vitest'
import { coverPlaybook, fixturesOf, mutatePlaybook, parseDocument, runFixtures } from '../../src/core/content/index.ts'
import { everyStep, type Playbook } from '../../src/core/playbook/index.ts'
import { checkInputs } from '../../src/respond/check-inputs.ts'
import { findAction } from '../../src/respond/index.ts'
import { ownBundle } from '../support/content.ts'

const bundle = await ownBundle()
const { fixtures, problems } = fixturesOf(bundle)
const runs = await runFixtures(bundle, fixtures)
const playbooks = [...bundle.playbooks.values()]
const of = (playbook: Playbook) => runs.filter((one) => one.fixture.playbook === playbook.id)
const stepsOf = (playbook: Playbook) =>
  [playbook.steps, ...playbook.compensation.values(), playbook.onFailure, playbook.finally].flatMap((list) => [
    ...everyStep(list),
  ])

test('every fixture of a playbook can be read, and there are playbooks for twenty scenarios at least', () => {
  expect(problems).toEqual([])
  expect(playbooks.filter((one) => one.trigger.when !== null || one.trigger.webhook !== null).length).toBeGreaterThan(
    19,
  )
})

test.each(playbooks)('$id does what its three or more fixtures say', (playbook) => {
  expect(of(playbook).length).toBeGreaterThanOrEqual(3)
  for (const { fixture, differences } of of(playbook)) expect([fixture.file, differences]).toEqual([fixture.file, []])
})

test.each(playbooks)('no way of $id is without a fixture', (playbook) => {
  const plays = of(playbook).flatMap((one) => (one.played === null ? [] : [one.played]))
  const open = coverPlaybook(playbook, plays).filter((one) => one.count === 0)
  expect(open.map((one) => `${one.step}: ${one.way}`)).toEqual([])
})

test.each(playbooks)(
  '$id is shown with a refusal, a failure, and an incident that is not meant, where there can be one',
  (playbook) => {
    const ends = of(playbook).flatMap((one) => one.played?.effects.map((effect) => effect.outcome) ?? [])
    const acts = stepsOf(playbook).filter((one) => one.kind === 'action' || one.kind === 'call')
    if (acts.length > 0) expect(ends).toContain('failed')
    const asks = of(playbook).some((one) => one.played?.effects.some((effect) => effect.asked !== null))
    if (asks) expect(ends).toContain('denied')
    if (playbook.trigger.when !== null) expect(of(playbook).map((one) => one.played)).toContain(null)
  },
)

test.each(runs.flatMap(({ fixture, played }) => (played === null ? [] : [{ file: fixture.file, played }])))(
  'the actions of $file take the inputs that they are given',
  ({ played }) => {
    for (const { action, inputs } of played.effects) {
      const [integration = '', id = ''] = action.split('.')
      const found = findAction(bundle.integrations, integration, id)
      expect([action, found && checkInputs(found.spec, inputs)]).toEqual([action, null])
    }
  },
)

test('of more dangerous forms of the playbooks, every seventh is refused or caught; gitsoc playbook mutate tries all', async () => {
  const survived: string[] = []
  let count = 0
  for (const playbook of playbooks) {
    const file = bundle.files.find((one) => one.path === playbook.ref.place?.file)
    const document = parseDocument(file?.path ?? '', file?.text ?? '')
    if (!document.ok) throw new Error(`${playbook.id} cannot be read`)
    const own = fixtures.filter((one) => one.playbook === playbook.id)
    const mutants = await mutatePlaybook(document.value, own, bundle, ({ safety }, index) => safety && index % 7 === 0)
    count += mutants.length
    survived.push(...mutants.filter((one) => one.fate === 'survived').map((one) => `${one.playbook}: ${one.mutation}`))
  }
  expect(survived).toEqual([])
  expect(count).toBeGreaterThan(100)
})
