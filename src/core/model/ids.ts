import { markedId } from './digest.ts'

type Brand<Name extends string> = string & { readonly __brand: Name }

/** An organisation: owner of a content repository and of every row marked with it. */
export type TenantId = Brand<'tenant'>
/** `ev-` + hash of tenant, source and the source's idempotency key. */
export type EventId = Brand<'event'>
/** `al-` + hash of the rule or source and its key within the aggregation window. */
export type AlertId = Brand<'alert'>
/** `run-` + hash of tenant, incident, playbook and trigger. */
export type RunId = Brand<'run'>
/** `ap-` + hash of the approval digest. */
export type ApprovalId = Brand<'approval'>

/** Order of creation in the tenant, from 1. */
export type IncidentNumber = number

const tenantForm = /^[a-z0-9][a-z0-9-]{0,62}$/

/** The text as a tenant id; throws when it is not 1-63 characters of a-z, 0-9 and hyphen. */
export function tenantId(text: string): TenantId {
  if (!tenantForm.test(text)) throw new Error(`tenant "${text}" must be 1-63 characters of a-z, 0-9 and "-"`)
  return text as TenantId
}

/** The identity of an event: the same record sent twice has the same id. */
export function eventId(tenant: TenantId, source: string, idempotencyKey: string): EventId {
  return markedId('ev-', tenant, source, idempotencyKey) as EventId
}

/** The identity of an alert from what raised it and what it was raised on. */
export function alertId(tenant: TenantId, origin: string, ...parts: readonly string[]): AlertId {
  return markedId('al-', tenant, origin, ...parts) as AlertId
}

/** The identity of a playbook run. */
export function runId(tenant: TenantId, incident: IncidentNumber, playbook: string, trigger: string): RunId {
  return markedId('run-', tenant, String(incident), playbook, trigger) as RunId
}

/** The identity of an approval request, from the digest of what is to be approved. */
export function approvalId(digest: string): ApprovalId {
  return markedId('ap-', digest) as ApprovalId
}
