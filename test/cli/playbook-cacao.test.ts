import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cacao, end, manual, uuid } from '../core/playbook/cacao/made.ts'
import { gitsoc } from '../support/cli.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'gitsoc-cacao-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const a = `action--${uuid(101)}`
const good = cacao({ [a]: manual('look', end) }, a)

test('a document is imported into a file, and the file says what it was made of', async () => {
  const [from, to] = [join(dir, 'shared.json'), join(dir, 'made.yaml')]
  writeFileSync(from, JSON.stringify(good))
  const ended = await gitsoc('playbook', 'import', from, '--out', to, '--json')
  expect(ended.exitCode).toBe(0)
  expect(ended.json()).toEqual({ ok: true, id: `cacao-${uuid(3)}`, out: to, problems: [] })
  expect(readFileSync(to, 'utf8')).toContain('task: look')
})

test('a refused document says why and where, writes nothing and ends with 1', async () => {
  const [from, to] = [join(dir, 'shared.json'), join(dir, 'made.yaml')]
  writeFileSync(from, JSON.stringify({ ...good, spec_version: '1.0' }, null, 2))
  const ended = await gitsoc('playbook', 'import', from, '--out', to)
  expect(ended.exitCode).toBe(1)
  expect(ended.err).toContain('shared.json:3:19 error: spec_version is "cacao-2.0"')
  expect(existsSync(to)).toBe(false)
})

test('an action that no integration has is refused before anything is written', async () => {
  const from = join(dir, 'shared.json')
  const call = `playbook-action--${uuid(5)}`
  writeFileSync(
    from,
    JSON.stringify(
      cacao({ [call]: { type: 'playbook-action', playbook_id: `playbook--${uuid(6)}`, on_completion: end } }, call),
    ),
  )
  const ended = await gitsoc('playbook', 'import', from, '--json')
  expect(ended.exitCode).toBe(1)
  expect(ended.json()).toMatchObject({ ok: false, problems: [{ code: 'playbook/unknown-playbook' }] })
})

test.each(['[1]', '{"a":', '', '{"a":1,"a":2}', '\u0000'])('the file %j is refused', async (text) => {
  const from = join(dir, 'shared.json')
  writeFileSync(from, text)
  expect((await gitsoc('playbook', 'import', from)).exitCode).toBe(1)
})

test('what is exported is imported as the same playbook', async () => {
  const [from, to] = [join(dir, 'a.json'), join(dir, 'a.yaml')]
  expect((await gitsoc('playbook', 'export', 'phishing-triage', '--out', from)).exitCode).toBe(0)
  expect((await gitsoc('playbook', 'import', from, '--out', to)).out).toBe(`${to}: phishing-triage\n`)
  expect((await gitsoc('playbook', 'export', 'phishing-triag')).err).toContain('did you mean')
})
