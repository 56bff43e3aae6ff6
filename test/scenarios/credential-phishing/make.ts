import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { attack } from './attack.ts'
import { noise } from './noise.ts'

const file = fileURLToPath(new URL('./recording.ndjson.gz', import.meta.url))

/** The recording: the attack within an ordinary day, in the order of receipt, one JSON object a line. */
export function makeRecording(): string {
  const events = [...attack(), ...noise(4700)].map((event, order) => ({ event, order }))
  events.sort((a, b) => a.event.at - b.event.at || a.order - b.order)
  return `${events.map(({ event }) => JSON.stringify(event)).join('\n')}\n`
}

/** The recording as it is committed. */
export function readRecording(): string {
  return gunzipSync(readFileSync(file)).toString('utf8')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(file, gzipSync(makeRecording(), { level: 9 }))
}
