import { expect, test } from 'vitest'
import { createFetchText } from '../../src/server/fetch-text.ts'

const url = 'https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-01.pem'

/** A fetch that answers with what `answer` makes, and what was asked of it. */
function fetcher(answer: (url: string) => Response) {
  const asked: string[] = []
  const time = { now: 1_000 }
  const fetchText = createFetchText({
    clock: () => time.now,
    fetch: (wanted) => {
      asked.push(String(wanted))
      return Promise.resolve(answer(String(wanted)))
    },
  })
  return { asked, time, fetchText }
}

test('an answer is kept for an hour, and fetched once for all who ask meanwhile', async () => {
  const { asked, time, fetchText } = fetcher(() => new Response('certificate'))
  expect(await Promise.all([fetchText(url), fetchText(url)])).toEqual(['certificate', 'certificate'])
  time.now += 3_599_999
  expect(await fetchText(url)).toBe('certificate')
  expect(asked.length).toBe(1)
  time.now += 1
  await fetchText(url)
  expect(asked.length).toBe(2)
})

test('an answer without end is left after 200 kB', async () => {
  let sent = 0
  let cancelled = false
  const endless = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent += 50_000
          controller.enqueue(new Uint8Array(50_000))
        },
        cancel() {
          cancelled = true
        },
      }),
    )
  const { fetchText } = fetcher(endless)
  await expect(fetchText(url)).rejects.toThrow('larger than 200000 bytes')
  expect(cancelled).toBe(true)
  expect(sent).toBeLessThanOrEqual(400_000)
})

test('what failed is not kept', async () => {
  let fails = true
  const { fetchText } = fetcher(() => (fails ? new Response('no', { status: 503 }) : new Response('certificate')))
  await expect(fetchText(url)).rejects.toThrow('answered 503')
  fails = false
  expect(await fetchText(url)).toBe('certificate')
})

test('only https is fetched, and not more than eight at once', async () => {
  const { asked, fetchText } = fetcher(() => new Response('certificate'))
  await expect(fetchText('http://example.com/x.pem')).rejects.toThrow('only https')
  const answers = await Promise.allSettled(Array.from({ length: 12 }, (_, n) => fetchText(`${url}?${n}`)))
  expect(answers.filter((one) => one.status === 'fulfilled').length).toBe(8)
  expect(asked.length).toBe(8)
})
