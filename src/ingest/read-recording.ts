import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import type { NewDelivery } from './inbox.ts'
import { recordedDelivery } from './recorded-lines.ts'

/** The deliveries of a recording: lines of `{ at, source, body }`, gzip by its name. Throws where a line is anything else. */
export async function readRecording(file: string): Promise<readonly NewDelivery[]> {
  const bytes = await readFile(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line, index) => {
      const delivery = recordedDelivery(line)
      if (delivery === null) throw new Error(`${file}:${index + 1} is no recorded delivery`)
      return delivery
    })
}
