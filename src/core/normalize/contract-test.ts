import type { Json, JsonObject, Locate } from '../model/index.ts'

/** A payload of a manifest's `tests:` with what it must come to. */
export interface ContractTest {
  readonly name: string
  readonly payload: Json
  readonly contentType: string
  readonly transport: 'webhook' | 'file' | 'syslog'
  readonly receivedAt: number
  /** Whether it must be recognised among all manifests too; what a manifest refuses another may take. */
  readonly recognised: boolean
  readonly expect: JsonObject
  /** Places of the test's members in the manifest. */
  readonly place: Locate
}

/** When contract payloads are received unless a test says otherwise. */
export const contractReceivedAt = Date.parse('2026-06-01T00:00:00Z')
