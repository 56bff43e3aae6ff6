import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { compileBundle, formatProblems } from '../../src/core/content/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'

/** The first YAML example of a page. */
async function exampleOf(page: string): Promise<string> {
  const example = /```yaml\n([\s\S]*?)```/.exec(await readFile(page, 'utf8'))?.[1]
  if (example === undefined) throw new Error(`${page} has no example`)
  return example
}

test.each([
  ['playbooks/README.md', 'playbooks/lock-stolen-account.yaml', ''],
  ['rules/approval/README.md', 'rules/approval/example.yaml', 'id: example\ntitle: Example\nowner: team\nwhy: shown\n'],
])('the example of %s loads', async (page, path, head) => {
  const { files } = await readWorkingTree(process.cwd())
  const all = [...files, { path, text: head + (await exampleOf(page)) }]
  expect(formatProblems(compileBundle(all, 'worktree').problems, all, 'text')).toBe('')
})

test.each([
  ['playbooks', /^playbooks\/([^/]+\.yaml)$/],
  ['rules/approval', /^rules\/approval\/([^/]+\.yaml)$/],
])('the page of %s names every file there is', async (folder, form) => {
  const { files } = await readWorkingTree(process.cwd())
  const page = await readFile(`${folder}/README.md`, 'utf8')
  const names = files.flatMap((one) => form.exec(one.path)?.[1] ?? [])
  expect(names.length).toBeGreaterThan(1)
  expect(names.filter((name) => !page.includes(`](${name})`))).toEqual([])
})
