import { expect, test } from 'vitest'
import { type CoveringRule, compileSigmaRule, coverageOf, navigatorLayer } from '../../../src/core/detect/index.ts'
import { documentOf } from '../../support/document.ts'

function rule(title: string, tags: readonly string[], exercised: boolean): CoveringRule {
  const text = { title, id: title, tags, logsource: {}, detection: { sel: { a: 1 }, condition: 'sel' } }
  const compiled = compileSigmaRule(documentOf(`rules/${title}.yaml`, JSON.stringify(text)))
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems))
  return { rule: compiled.value, exercised }
}

const rules = [
  rule('lsass', ['attack.credential-access', 'attack.t1003.001'], true),
  rule('lsass too', ['attack.t1003.001'], false),
  rule('run key', ['attack.t1547.001'], false),
  rule('old id', ['attack.t1562.008'], false),
  rule('nothing', [], true),
  rule('invented', ['attack.t1999'], true),
]

test('a technique is declared by the rules that are tagged with it, and exercised by those whose fixtures fire', () => {
  const { declared, exercisedCount, unknown, rulesWithoutTechnique } = coverageOf(rules)
  expect(declared.map((one) => [one.id, one.name, one.declaredBy.length, one.exercisedBy.length])).toEqual([
    ['T1003.001', 'LSASS Memory', 2, 1],
    ['T1547.001', 'Registry Run Keys / Startup Folder', 1, 0],
    ['T1685.002', 'Disable or Modify Cloud Log', 1, 0],
  ])
  expect(exercisedCount).toBe(1)
  expect(unknown.map((one) => [one.technique, one.rules.map((each) => each.id)])).toEqual([['T1999', ['invented']]])
  expect(rulesWithoutTechnique.map((one) => one.id)).toEqual(['nothing'])
})

test('a technique counts in each of its tactics; a gap is a technique of which not even a part has a rule', () => {
  const { tactics } = coverageOf(rules)
  const of = (name: string) => tactics.find((one) => one.name === name)
  expect([of('persistence')?.declared, of('privilege-escalation')?.declared]).toEqual([1, 1])
  expect([of('credential-access')?.declared, of('credential-access')?.exercised]).toEqual([1, 1])
  const gaps = of('credential-access')?.gaps.map((one) => one.id)
  expect(gaps).not.toContain('T1003')
  expect(gaps).toContain('T1110')
  expect(gaps?.some((id) => id.includes('.'))).toBe(false)
})

test('the layer has what format 4.5 requires, a score for each technique, and parents open on what is below', () => {
  const layer = navigatorLayer(coverageOf(rules), 'ours')
  expect(layer).toMatchObject({
    ...{ name: 'ours', domain: 'enterprise-attack' },
    versions: { layer: '4.5', attack: '19', navigator: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
    gradient: { minValue: 0, maxValue: 100 },
  })
  const entries = layer.techniques as readonly Record<string, unknown>[]
  expect(entries.map((one) => [one.techniqueID, one.score])).toEqual([
    ['T1003.001', 100],
    ['T1547.001', 50],
    ['T1685.002', 50],
    ['T1003', undefined],
    ['T1547', undefined],
    ['T1685', undefined],
  ])
  expect(entries[0]).toMatchObject({
    comment: 'lsass\nlsass too',
    metadata: [{ name: 'rules', value: '2' }, { value: '1' }],
  })
})

test('a technique that hundreds of rules name has a comment of bounded length', () => {
  const many = Array.from({ length: 300 }, (_, index) => rule(`rule ${index}`, ['attack.t1003.001'], false))
  const [entry] = navigatorLayer(coverageOf(many), 'x').techniques as readonly { comment: string }[]
  expect(entry?.comment.split('\n')).toHaveLength(21)
  expect(entry?.comment).toMatch(/and 280 more$/)
})
