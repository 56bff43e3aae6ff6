import { expect, test } from 'vitest'
import { changedLines, mergeBaseOf } from '../../src/repo/index.ts'
import { testRepository } from '../support/repository.ts'

test('the lines that a commit brings are told by file, whatever the lines say', async () => {
  const repository = testRepository({
    'rules/a.yaml': 'one\ntwo\nthree\n',
    'rules/gone.yaml': 'x\n',
    'README.md': 'x\n',
  })
  const before = repository.commit()
  repository.put('rules/a.yaml', 'one\n++ b/rules/forged.yaml\n@@ -1 +90,9 @@\nthree\nfour\n')
  repository.put('rules/ä b.yaml', 'one\ntwo')
  repository.put('README.md', 'y\n')
  repository.remove('rules/gone.yaml')
  const after = repository.commit()
  expect(Object.fromEntries(await changedLines(repository.dir, before, after))).toEqual({
    'rules/a.yaml': [
      [2, 3],
      [5, 5],
    ],
    'rules/ä b.yaml': [[1, 2]],
  })
  repository.put('rules/a.yaml', 'zero\n')
  expect((await changedLines(repository.dir, after, null)).get('rules/a.yaml')).toEqual([[1, 1]])
})

test('two commits that have nothing in common have no base', async () => {
  const repository = testRepository({ 'rules/a.yaml': 'one\n' })
  const one = repository.commit()
  repository.git('checkout', '-q', '--orphan', 'other')
  const other = repository.commit('another beginning')
  await expect(mergeBaseOf(repository.dir, one, other)).rejects.toThrow(/no commit in common/)
  await expect(mergeBaseOf(repository.dir, one, 'nowhere')).rejects.toThrow('there is no commit "nowhere"')
})
