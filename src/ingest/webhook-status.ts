import type { JsonObject } from '../core/model/index.ts'
import type { Integration } from '../core/normalize/index.ts'
import type { VerifyContext } from './verify/verdict.ts'
import { verify } from './verify/verify.ts'

/** Whether a webhook can take deliveries; `reason` says what is missing. No secret and no part of one is in it. */
export interface WebhookStatus {
  readonly integration: string
  readonly path: string
  readonly configured: boolean
  readonly reason: string | null
}

/**
 * What every webhook of the manifests lacks: a secret, a topic, an audience, or loopback for unsigned deliveries. Asks the
 * schemes themselves, with a request that proves nothing: what is configured refuses it as forged.
 */
export async function webhookStatus(
  integrations: readonly Integration[],
  context: Pick<VerifyContext, 'secrets' | 'loopback'>,
  config: (integration: string) => JsonObject,
): Promise<readonly WebhookStatus[]> {
  const all: WebhookStatus[] = []
  for (const { id, webhook } of integrations) {
    if (webhook === null) continue
    const reason = await proofStatus(webhook.verify, context, config(id))
    all.push({ integration: id, path: `/in/${webhook.path}`, configured: reason === null, reason })
  }
  return all
}

/** What the check of a proof lacks, or null. */
export async function proofStatus(
  proof: JsonObject,
  context: Pick<VerifyContext, 'secrets' | 'loopback'>,
  config: JsonObject,
): Promise<string | null> {
  const verdict = await verify(nothing, proof, {
    ...context,
    config,
    now: 0,
    fetchText: () => Promise.reject(new Error('nothing is fetched for a status')),
  })
  return !verdict.ok && verdict.kind === 'unconfigured' ? verdict.reason : null
}

const nothing = { headers: {}, query: new URLSearchParams(), pathRest: '', body: Buffer.alloc(0) }
