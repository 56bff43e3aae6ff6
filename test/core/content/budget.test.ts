import { expect, test } from 'vitest'
import { budgetOf, compileBundle, defaultBudget } from '../../../src/core/content/index.ts'
import { idOf, planFiles } from '../../preview/plan-content.ts'

const head = 'id: own\ntitle: Own\nowner: soc\nwhy: For a test.\n'
const file = (name: string, text: string) => ({
  path: `rules/budgets/${name}.yaml`,
  text: head.replace('own', name) + text,
})

test('without files the default holds', () => {
  expect(budgetOf([])).toEqual({ ok: true, value: defaultBudget })
  expect(budgetOf([file('a', '')])).toEqual({ ok: true, value: defaultBudget })
})

test('of several files the lowest number holds, and is known by its place', () => {
  const read = budgetOf([
    file('a', `linesPerDay: { perRule: 9, rules: { x: 4, y: 7 } }\ndetectedLater: 1h\nlostIncidents: { HIGH: 3 }\n`),
    file(
      'b',
      `linesPerDay: { perRule: 12, rules: { x: 5 } }\ndetectedLater: 20m\nlostIncidents: { HIGH: 2 }\nunnoticed: { dangerous: 0 }\n`,
    ),
    { path: 'rules/approval/other.yaml', text: 'linesPerDay: { perRule: 1 }' },
  ])
  const at = (name: string, line: number) => expect.objectContaining({ file: `rules/budgets/${name}.yaml`, line })
  expect(read).toMatchObject({
    ok: true,
    value: {
      linesPerRule: { value: 9, place: at('a', 5) },
      rules: { x: { value: 4, place: at('a', 5) }, y: { value: 7, place: at('a', 5) } },
      incidents: null,
      detectedLaterMs: { value: 1_200_000, place: at('b', 6) },
      lostIncidents: { HIGH: { value: 2, place: at('b', 7) } },
      unnoticed: { perRule: null, perPlaybook: null, dangerous: { value: 0, place: at('b', 8) } },
    },
  })
})

test.each([
  ['a key that there is not', 'linesPerDays: { perRule: 1 }', 'did you mean "linesPerDay"?'],
  ['a number below none', 'incidentsPerDay: -1', undefined],
  [
    'a rule that there is not',
    `linesPerDay: { rules: { ${idOf('login').replace(/.$/, '0')}: 5 } }`,
    `did you mean "${idOf('login')}"?`,
  ],
])('%s keeps the commit from loading', (_name, text, hint) => {
  const files = Object.entries(planFiles()).map(([path, one]) => ({ path, text: one }))
  const { bundle, problems } = compileBundle([...files, file('own', text)], 'test')
  expect(bundle).toBeNull()
  expect(problems[0]).toMatchObject({ place: { file: 'rules/budgets/own.yaml', line: 5 } })
  expect(problems[0]?.hint).toBe(hint)
})
