import { describe, expect, test } from 'vitest'
import { differencesOf, forms } from './sigma-forms.ts'

describe.each(forms)('$form', ({ cases }) => {
  test.each(cases)('$name', (one) => {
    expect(differencesOf(one)).toEqual([])
  })
})

test('every form has a section of the specification, a way to count it, and cases on both sides', () => {
  expect(new Set(forms.map((one) => one.form)).size).toBe(forms.length)
  for (const { form, spec, counted, cases } of forms) {
    expect(spec, form).toMatch(/^sigma-[a-z-]+\.md#[a-z0-9_-]+$/)
    expect(Object.keys(counted), form).toHaveLength(1)
    expect(
      cases.some((one) => one.matches !== undefined || one.events !== undefined || one.refused),
      form,
    ).toBeTruthy()
  }
})

test.each([
  ['a match that does not come', { matches: [{ a: 2 }] }, 'stays silent on {"a":2}'],
  ['a match that should not come', { matches: [{ a: 1 }], differs: [{ a: 1 }] }, 'fires on {"a":1}'],
  ['a refusal that does not come', { refused: 'anything' }, 'is not refused for "anything" but: it loads'],
  ['nothing that fires', { differs: [{ a: 2 }] }, 'shows no record on which anything fires'],
])('%s is a difference', (_name, expectation, difference) => {
  expect(differencesOf({ name: 'x', detection: { sel: { a: 1 }, condition: 'sel' }, ...expectation })).toEqual([
    difference,
  ])
})
