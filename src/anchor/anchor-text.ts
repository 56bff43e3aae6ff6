import { isObject, own } from '../core/model/index.ts'

/** The head of a tenant's audit chain at a moment, as it stands in Git. */
export interface Anchor {
  readonly tenant: string
  /** `SEQ:HASH` */
  readonly head: string
  readonly seq: number
  /** Epoch milliseconds. */
  readonly at: number
}

/** The folder that alone is on the branch of anchors. */
export const anchorFolder = 'audit'

/** The file of a tenant on the branch of anchors. */
export const anchorPath = (tenant: string) => `${anchorFolder}/${tenant}.json`

export function anchorText({ tenant, head, at }: Anchor): string {
  const document = { format: 'gitsoc-audit-anchor', version: 1, tenant, head, at: new Date(at).toISOString() }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** The anchor that a file holds; null for anything else. */
export function readAnchor(text: string): Anchor | null {
  const value = parsed(text)
  if (!isObject(value) || own(value, 'format') !== 'gitsoc-audit-anchor' || own(value, 'version') !== 1) return null
  const [tenant, head, at] = ['tenant', 'head', 'at'].map((name) => own(value, name))
  if (typeof tenant !== 'string' || typeof head !== 'string' || typeof at !== 'string') return null
  const seq = Number(/^(\d{1,15}):[0-9a-f]{64}$/.exec(head)?.[1] ?? Number.NaN)
  const time = Date.parse(at)
  return Number.isSafeInteger(seq) && Number.isFinite(time) ? { tenant, head, seq, at: time } : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
