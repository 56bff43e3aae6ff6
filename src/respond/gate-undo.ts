import type { GateDecision } from '../core/policy/index.ts'

/**
 * Why an effect may not be taken back now, or null. A denial stands (stop switch, protected target, window). A question is
 * not put again, whoever takes back, a person who cancels a run or the end of a containment: when the effect was let through,
 * its way back was part of what was shown (the digest covers content, commit and step), and whoever wants it now is a person
 * whom the audit names, or the time that was approved. Asked again at night, a containment would outlive what was approved.
 */
export const undoDenial = (decision: GateDecision): string | null =>
  decision.answer === 'deny' ? decision.sentence : null
