import { type Alert, type JsonObject, type Observable, severityName } from '../model/index.ts'

/** OCSF observable type ids (1.8.0 `observable.type_id`). */
const typeIds: Readonly<Record<Observable['type'], number>> = {
  host: 1,
  ip: 2,
  user: 4,
  email: 5,
  url: 6,
  file: 7,
  hash: 8,
  process: 9,
  resource: 10,
  domain: 1,
  'access-key': 99,
}

/** The alert as an OCSF 1.8.0 Detection Finding (class 2004, category 2, activity 1 Create). */
export function toOcsf(alert: Alert): JsonObject {
  return {
    activity_id: 1,
    category_uid: 2,
    class_uid: 2004,
    type_uid: 200401,
    severity_id: alert.severity,
    severity: severityName(alert.severity),
    time: alert.occurredAt,
    message: alert.title,
    metadata: {
      version: '1.8.0',
      uid: alert.id,
      product: { name: 'gitsoc', vendor_name: 'gitsoc', feature: { name: alert.source } },
      tenant_uid: alert.tenant,
      logged_time: alert.ingestedAt,
    },
    finding_info: {
      uid: alert.updateOf ?? alert.id,
      title: alert.title,
      desc: alert.description,
      created_time: alert.detectedAt,
      analytic: { uid: alert.rule.id, name: alert.rule.title, type_id: alert.kind === 'detection' ? 1 : 99 },
      attacks: alert.techniques.map((uid) => ({ technique: { uid } })),
      ...(alert.url === null ? {} : { src_url: alert.url }),
    },
    observables: alert.observables.map((one) => ({
      name: one.role,
      type_id: typeIds[one.type],
      type: one.type,
      value: one.value,
    })),
    ...(alert.confidence === null ? {} : { confidence_score: alert.confidence }),
  }
}
