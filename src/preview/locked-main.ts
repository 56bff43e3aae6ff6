// The program of a locked child process (locked-child.ts): it can read its own code and the lists of enrichment, and has no
// environment and no network. What it is told comes by standard input, its one answer goes to standard output.
import {
  type Bundle,
  budgetOf,
  type ContentReview,
  compareContent,
  compileBundle,
  reviewContent,
  type SourceFile,
} from '../core/content/index.ts'
import type { Enrich } from '../core/engine/index.ts'
import { type Enrichment, observableKey, tenantId } from '../core/model/index.ts'
import { createReplay, type FixturePair, fixtureHits, type ReplayResult } from '../core/replay/index.ts'
import { openEnricher } from '../enrich/index.ts'
import { findClosures } from './closures.ts'
import { deliveryOf, receiptOf } from './delivery-frame.ts'
import { decodeFrames } from './frames.ts'
import type { Answer, Start } from './locked-child.ts'
import { decodeScanned } from './scanned-frame.ts'

const closures = await findClosures()
const frames = decodeFrames(process.stdin)
const first = await frames.next()
if (first.done) throw new Error('the parent said nothing')
const start = JSON.parse(first.value.body.toString('utf8')) as Start
const content = start.before === null ? [] : compareContent(start.before, start.files)
let review: ContentReview | null = null
const result = await resultOf(start.files, start.fixtures)
const answer: Answer = { closures, result, content, review, budget: budgetOf(start.policy ?? []) }
process.stdout.write(JSON.stringify(answer))

async function resultOf(files: readonly SourceFile[], fixtures: readonly FixturePair[]): Promise<ReplayResult> {
  const { bundle, problems } = compileBundle(files, start.commit)
  if (bundle === null) return { ok: false, problems }
  const others = new Map<string, Bundle>()
  for (const one of start.others ?? []) {
    const compiled = compileBundle(one.files, one.commit)
    if (compiled.bundle === null) return { ok: false, problems: compiled.problems }
    others.set(one.digest, compiled.bundle)
  }
  if (start.review === true) review = await reviewContent(bundle, content)
  const { enrich } = await openEnricher(start.enrichDir ?? undefined)
  const replay = createReplay({
    bundle,
    tenant: tenantId(start.tenant),
    enrich: recalling(start.recorded ?? [], enrich),
    decisions: start.decisions ?? [],
    bundleOf: (digest) => others.get(digest),
  })
  for await (const frame of frames) {
    if (frame.head.kind === 'scanned') {
      await replay.takeScanned(decodeScanned(frame.body), receiptOf(frame.head))
      continue
    }
    const { delivery, receipt, digest } = deliveryOf(frame)
    await replay.take(delivery, receipt, others.get(digest) ?? bundle)
  }
  return { ok: true, problems, replayed: await replay.finish(fixtureHits(bundle, fixtures)) }
}

/** What was seen goes before what is known now. */
function recalling(recorded: readonly Enrichment[], enrich: Enrich): Enrich {
  const known = Map.groupBy(recorded, (one) => one.observable)
  return (observables, at) => observables.flatMap((one) => known.get(observableKey(one)) ?? enrich([one], at))
}
