import type { Bundle } from '../content/index.ts'
import type { Enrich } from '../engine/index.ts'
import type { TenantId } from '../model/index.ts'
import { createReplay } from '../replay/index.ts'

const nothingKnown: Enrich = () => []

/** The rules that fire on a recording. */
export async function rulesOn(bundle: Bundle, tenant: TenantId, recording: string): Promise<ReadonlySet<string>> {
  const replay = createReplay({ bundle, tenant, enrich: nothingKnown })
  let seq = 0
  for (const line of recording.trimEnd().split('\n')) {
    const { at, source, body } = JSON.parse(line) as { at: number; source: string; body: unknown }
    await replay.take(
      {
        ...{ seq: ++seq, source, transport: 'file', contentType: 'application/json', receivedAt: at },
        body: Buffer.from(JSON.stringify(body)),
      },
      'recorded',
    )
  }
  const { ruleCounts } = await replay.finish([])
  return new Set(ruleCounts.flatMap((one) => (one.alerts > 0 ? [one.rule] : [])))
}
