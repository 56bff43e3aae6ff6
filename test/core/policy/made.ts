import type { JsonObject } from '../../../src/core/model/index.ts'
import { compilePolicy, type GateRequest, type Policy } from '../../../src/core/policy/index.ts'
import { documentOf } from '../../support/document.ts'

/** A compiled policy; `body` is what stands after its head. */
export function policyOf(body: string, id = 'team'): Policy {
  const compiled = compilePolicy(
    documentOf(`rules/approval/${id}.yaml`, `id: ${id}\ntitle: ${id}\nowner: team\nwhy: test\n${body}`),
  )
  if (!compiled.ok) throw new Error(compiled.problems.map((one) => one.message).join('; '))
  return compiled.value
}

/** A request to suspend a user in a critical incident; every part can be replaced. */
export function requestOf(parts: Partial<GateRequest> = {}): GateRequest {
  const incident: JsonObject = { severity: 'CRITICAL', assetCriticality: 'high' }
  return {
    effect: 'destructive',
    action: 'okta.suspend_user',
    target: 'user17@example.com',
    incident,
    targetCriticality: 'high',
    at: Date.UTC(2026, 4, 12, 10),
    destructiveInLastHour: 0,
    targetsChanged: [],
    integrationInLastHour: 0,
    stopped: false,
    ...parts,
  }
}
