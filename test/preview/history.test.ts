import { join } from 'node:path'
import { expect, test } from 'vitest'
import { historyOfFiles, integrationsAt } from '../../src/preview/index.ts'
import { folderOf } from '../support/folder.ts'
import { planRepository, record } from './plan-content.ts'

async function read(dir: string, isBroken = false) {
  const repository = planRepository()
  if (isBroken) repository.put('integrations/okta/integration.yaml', 'id: [\n')
  const revision = repository.commit()
  const history = await historyOfFiles([dir], null, await integrationsAt(repository.dir, revision))
  const found = await Array.fromAsync(history.deliveries())
  return {
    note: history.note,
    users: found.flatMap(({ body }) => /user\d/.exec(Buffer.from(body).toString())?.[0] ?? []),
    receipts: found.map(({ receipt }) => receipt),
  }
}

test('files are read by the time in them, recordings among them, and say how they were received', async () => {
  const at = Date.UTC(2026, 4, 12, 8, 5)
  const dir = folderOf({
    'a-new.ndjson': `${record(9, 'login', 'user3')}\n`,
    'b-old.ndjson': `${record(0, 'login', 'user1')}\n`,
    'c-kept.ndjson': `${JSON.stringify({ at, source: 'generic', body: JSON.parse(record(5, 'login', 'user2')) })}\n`,
    'notes.txt': 'nothing of this is an event\n',
  })
  expect(await read(dir)).toEqual({
    note: expect.stringMatching(/^1 of the files given hold nothing .* such as .*notes\.txt$/),
    users: ['user1', 'user2', 'user3'],
    receipts: ['as-sent', 'recorded', 'as-sent'],
  })
})

test('without integrations that load, files come in the order of their names', async () => {
  const dir = folderOf({
    'a.ndjson': `${record(9, 'login', 'user2')}\n`,
    'b.ndjson': `${record(0, 'login', 'user1')}\n`,
  })
  expect((await read(dir, true)).users).toEqual(['user2', 'user1'])
  await expect(integrationsAt(join(dir, 'nowhere'), 'HEAD')).rejects.toThrow()
})
