import { isObject, type JsonObject } from '../../../src/core/model/index.ts'

/** Members that Panther's own storage writes in lower case, as the vendor spells them. */
const okta: Readonly<Record<string, string>> = {
  eventtype: 'eventType',
  displaymessage: 'displayMessage',
  debugcontext: 'debugContext',
  securitycontext: 'securityContext',
  authenticationcontext: 'authenticationContext',
}

const at = '2026-05-12T08:20:00.000Z'

/**
 * A record of somebody's rule tests with what the vendor always sends and the test left out, so that it is recognised: an
 * identity, a time, the stage of a request. Nothing that says what happened is added or changed.
 */
export function complete(logType: string, log: JsonObject): JsonObject {
  switch (logType) {
    case 'Okta.SystemLog': {
      const spelt = Object.entries(log).map(([key, value]) => [okta[key] ?? key, value] as const)
      return { published: at, outcome: {}, actor: {}, ...Object.fromEntries(spelt) }
    }
    case 'Amazon.EKS.Audit':
      return { auditID: 'a', stage: 'ResponseComplete', requestReceivedTimestamp: at, ...log }
    case 'GCP.AuditLog': {
      const payload = isObject(log.protoPayload) ? log.protoPayload : {}
      return { timestamp: at, ...log, protoPayload: { serviceName: '', methodName: '', ...payload } }
    }
    case 'Azure.Audit':
    case 'Azure.MonitorActivity':
      return { time: at, correlationId: 'c', category: 'Administrative', ...log }
    case 'GitHub.Audit':
      return { actor: 'someone', ...log }
    default:
      return log
  }
}
