import { expect, test } from 'vitest'
import { tenantId } from '../../../src/core/model/index.ts'
import { renderIssue } from '../../../src/github/issues/render-issue.ts'
import { madeView } from './shown.ts'

const main = tenantId('main')

test('an issue reads as an analyst needs it at night', async () => {
  const { title, body, labels, state, assignee, status } = renderIssue(main, madeView())
  const text = [
    `# ${title}`,
    `${state}, ${assignee}, ${labels.join(' ')}`,
    '',
    body,
    '---- sticky comment',
    status,
    '',
  ].join('\n')
  await expect(text).toMatchFileSnapshot('golden/issue.md')
})
