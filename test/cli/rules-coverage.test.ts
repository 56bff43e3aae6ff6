import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitsoc } from '../support/cli.ts'
import { folderOf } from '../support/folder.ts'

interface Report {
  readonly techniques: { readonly total: number; readonly declared: number; readonly exercised: number }
  readonly tactics: readonly { readonly name: string; readonly gaps: readonly unknown[] }[]
  readonly unknown: readonly unknown[]
}

test('our own rules exercise what they declare, tactic by tactic, and the layer holds them', async () => {
  const file = join(folderOf({}), 'layer.json')
  const { json, exitCode } = await gitsoc('rules', 'coverage', '--json', '--navigator', file)
  const { techniques, tactics, unknown } = json() as Report
  expect(techniques.total).toBe(709)
  expect(techniques.declared).toBeGreaterThan(50)
  expect(techniques.exercised).toBeGreaterThan(techniques.declared * 0.9)
  expect(tactics).toHaveLength(15)
  expect(unknown).toEqual([])
  expect(exitCode).toBe(0)
  const layer = JSON.parse(readFileSync(file, 'utf8')) as { techniques: { score?: number }[] }
  expect(layer.techniques.filter((one) => one.score !== undefined)).toHaveLength(techniques.declared)
})

test('the text has a line for each tactic, and the gaps when they are asked for', async () => {
  const rule =
    'title: x\nid: x\ntags: [attack.t1003.001]\nlogsource: {}\ndetection: { sel: { a: 1 }, condition: sel }\n'
  const dir = folderOf({ 'r.yml': rule })
  const { out } = await gitsoc('rules', 'coverage', '--rules', dir, '--gaps')
  expect(out).toContain('ATT&CK v19: 1 of 709 techniques have a rule, 0 one whose fixtures fire\n')
  expect(out).toMatch(/^Credential Access +0 +1 +67 {3}\d+$/m)
  expect(out).toContain('Credential Access: no rule for\n  T1040  Network Sniffing\n')
})

test('a technique that ATT&CK does not have is named, and the exit code is 1', async () => {
  const rule = 'title: odd\nid: x\ntags: [attack.t1999]\nlogsource: {}\ndetection: { sel: { a: 1 }, condition: sel }\n'
  const { out, exitCode } = await gitsoc('rules', 'coverage', '--rules', folderOf({ 'r.yml': rule }))
  expect(out).toContain('T1999 is not in this release: odd\n')
  expect(exitCode).toBe(1)
})

test('a layer that cannot be written is wrong usage', async () => {
  expect((await gitsoc('rules', 'coverage', '--navigator', '/nowhere/layer.json')).exitCode).toBe(2)
})
