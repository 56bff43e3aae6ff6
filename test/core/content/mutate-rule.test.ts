import { expect, test } from 'vitest'
import { compileBundle, reviewContent } from '../../../src/core/content/index.ts'
import { idOf, planFiles } from '../../preview/plan-content.ts'

const rule = (detection: string) => `title: own
id: ${idOf('own')}
status: stable
description: For a test.
author: gitsoc
date: 2026-05-01
tags: [attack.credential-access, attack.t1110]
logsource: { product: generic, service: any }
detection:
${detection}
falsepositives: [None known]
level: high
`

/** What nobody notices, and how many there are. */
async function survivors(detection: string, fixture: string) {
  const files = {
    ...planFiles(),
    'rules/detection/own.yaml': rule(detection),
    'rules/detection/fixtures/own.yaml': fixture,
  }
  const { bundle, problems } = compileBundle(
    Object.entries(files).map(([path, text]) => ({ path, text })),
    'test',
  )
  if (bundle === null) throw new Error(JSON.stringify(problems))
  const place = { file: 'rules/detection/own.yaml', line: 1, column: 1 }
  const change = { change: 'added', kind: 'detection', id: idOf('own'), title: 'own', place } as const
  const { mutation } = await reviewContent(bundle, [change])
  const [score] = mutation
  return score === undefined ? null : { ...score, survived: score.survived.map((one) => one.mutation) }
}

const detection = `  selection: { action|contains: delete, size|gte: 10, tag: [a, b] }
  by_us: { user: adm }
  condition: selection and not by_us`

test('a fixture that tries every part of a rule leaves no way to break it unnoticed', async () => {
  const score = await survivors(
    detection,
    `positive:
  - { action: do delete it, size: 10, tag: a, user: u }
  - { action: do delete it, size: 11, tag: b, user: u }
negative:
  - { action: keep, size: 10, tag: a }
  - { action: do delete it, size: 9, tag: a }
  - { action: do delete it, size: 10, tag: c }
  - { action: do delete it, size: 10, tag: a, user: adm }
  - { action: delete, size: 1, tag: a, user: adm }
`,
  )
  expect(score).toMatchObject({ kind: 'detection', survived: [], refused: 0 })
  expect(score?.caught).toBe(score?.mutants)
  expect(score?.mutants).toBeGreaterThan(10)
})

test('what a fixture does not try is told in words', async () => {
  const score = await survivors(
    detection,
    'positive: [{ action: delete, size: 10, tag: a, user: u }]\nnegative: [{ action: keep }]\n',
  )
  expect(score?.survived).toEqual([
    'drop "and not by_us"',
    'leave out action|contains',
    '"action|startswith" for "action|contains"',
    'leave out size|gte',
    'leave out tag',
    'forget "b" of tag',
    'another text in user',
  ])
})

test('a rule whose fixture fails is not scored: it would catch everything', async () => {
  expect(await survivors(detection, 'positive: [{ action: keep }]\nnegative: [{ action: keep }]\n')).toBeNull()
})
