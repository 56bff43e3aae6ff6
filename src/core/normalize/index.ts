export { type ActionSpec, compileIntegration, type Inbound, type Integration, type WebhookSpec } from './integration.ts'
export { createNormalizer, type Normalized, type Normalizer, type RawDelivery } from './normalizer.ts'
export { normalizeObservable } from './observable-value.ts'
export { toOcsf } from './ocsf.ts'
