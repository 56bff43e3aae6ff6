import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type NewDelivery, readByAge, surveyFiles } from '../../src/ingest/index.ts'
import { folderOf } from '../support/folder.ts'

/** Numbers in a line are the times. */
const reading = {
  clock: () => 0,
  probe: ({ body }: NewDelivery) => {
    const at = /"at":(\d+)/.exec(Buffer.from(body).toString())
    return { firstAt: at === null ? null : Number(at[1]), recognised: true }
  },
}

async function read(paths: readonly string[]): Promise<readonly string[]> {
  const bodies: string[] = []
  const { files } = await surveyFiles(paths, reading)
  for await (const chunk of readByAge(files, reading))
    bodies.push(...chunk.map((one) => Buffer.from(one.body).toString()))
  return bodies
}

const lines = (times: readonly number[]) => times.map((at) => `{"at":${at}}\n`).join('')
const firstOf = (body: string) => Number(/"at":(\d+)/.exec(body)?.[1] ?? Number.POSITIVE_INFINITY)

test('files that cover the same time are read side by side, in chunks', async () => {
  const dir = folderOf({
    'a.ndjson': lines(Array.from({ length: 3000 }, (_, n) => 10 * n)),
    'b.ndjson': lines(Array.from({ length: 3000 }, (_, n) => 5 + 10 * n)),
    'c.ndjson': '{"text":"without a time"}\n',
  })
  const begins = (await read([dir])).map(firstOf)
  expect(begins).toEqual([0, 5, 10_000, 10_005, 20_000, 20_005, Number.POSITIVE_INFINITY])
})

test('every chunk of every file comes once, by age, however many files there are and in whatever order they are given', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }), async (starts) => {
      const files = Object.fromEntries(starts.map((at, n) => [`${n}.ndjson`, `{"at":${at},"n":${n}}\n`]))
      const dir = folderOf(files)
      const found = await read(Object.keys(files).map((name) => join(dir, name)))
      expect(found.map(firstOf)).toEqual([...starts].sort((a, b) => a - b))
      expect(new Set(found).size).toBe(starts.length)
    }),
    { numRuns: 15 },
  )
})
