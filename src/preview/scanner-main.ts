// The program of a locked child process that looks at events by themselves (scanner.ts): deliveries come by standard input,
// what they came to goes to standard output, in the same order.
import { type Bundle, compileBundle } from '../core/content/index.ts'
import { tenantId } from '../core/model/index.ts'
import { createScan } from '../core/replay/index.ts'
import type { Content } from '../repo/index.ts'
import { findClosures } from './closures.ts'
import { deliveryOf } from './delivery-frame.ts'
import { decodeFrames, encodeFrame } from './frames.ts'
import { encodeScanned } from './scanned-frame.ts'
import type { ScannerStart } from './scanner.ts'

await findClosures()
const frames = decodeFrames(process.stdin)
const first = await frames.next()
if (first.done) throw new Error('the parent said nothing')
const { tenant, contents } = JSON.parse(first.value.body.toString('utf8')) as ScannerStart
const bundles = contents.map(bundleOf)
const scan = createScan(bundles, tenantId(tenant))
for await (const frame of frames) {
  const { delivery, receipt } = deliveryOf(frame)
  for (const { sides, items } of scan.scan(delivery))
    process.stdout.write(encodeFrame({ seq: delivery.seq, kind: 'scanned', sides, receipt }, encodeScanned(items)))
  process.stdout.write(encodeFrame({ seq: delivery.seq, kind: 'done' }, new Uint8Array()))
}

/** Only what looks at events is compiled; where that does not stand by itself, everything is. */
function bundleOf({ files, commit }: Content): Bundle | null {
  const looking = files.filter(({ path }) =>
    /^(integrations|rules\/(correlation|detection|filter|pipelines|placeholders|rarity))\b/.test(path),
  )
  return compileBundle(looking, commit).bundle ?? compileBundle(files, commit).bundle
}
