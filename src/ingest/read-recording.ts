import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { isObject } from '../core/model/index.ts'
import type { NewDelivery } from './inbox.ts'

/** The deliveries of a recording: lines of `{ at, source, body }`, gzip by its name. */
export async function readRecording(file: string): Promise<readonly NewDelivery[]> {
  const bytes = await readFile(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const value = JSON.parse(line) as unknown
      if (!isObject(value) || typeof value.at !== 'number' || typeof value.source !== 'string')
        throw new Error(`${file}:${index + 1} is no recorded delivery`)
      const body = typeof value.body === 'string' ? value.body : JSON.stringify(value.body)
      return {
        source: value.source,
        transport: 'webhook',
        contentType: 'application/json',
        receivedAt: value.at,
        body: Buffer.from(body),
      }
    })
}
