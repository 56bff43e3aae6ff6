import { type Assessment, type Fact, type Json, severityOfScore } from '../core/model/index.ts'
import type { CaseFile } from './read.ts'

/** `2026-05-12 08:31:04`, UTC; a time that no calendar has is shown as a dash. */
export function utc(at: number | null): string {
  return at === null || !(Math.abs(at) <= 8.64e15) ? '-' : new Date(at).toISOString().slice(0, 19).replace('T', ' ')
}

/** `45 s`, `12 min`, `3 h 05 min`, `2 d 4 h`; a dash for null. */
export function duration(ms: number | null): string {
  if (ms === null) return '-'
  const seconds = Math.max(0, Math.round(ms / 1000))
  const minutes = Math.round(seconds / 60)
  const hours = Math.floor(minutes / 60)
  if (seconds < 90) return `${seconds} s`
  if (minutes < 90) return `${minutes} min`
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** What took how long in one incident: name and milliseconds, null when it has not happened. */
export function measures({ incident }: Pick<CaseFile, 'incident'>): readonly (readonly [string, number | null])[] {
  const { occurredAt, detectedAt, acknowledgedAt, containedAt, resolvedAt } = incident.times
  const since = (at: number | null) => (at === null ? null : Math.max(0, at - detectedAt))
  return [
    ['occurred to detected', Math.max(0, detectedAt - occurredAt)],
    ['detected to acknowledged', since(acknowledgedAt)],
    ['detected to contained', since(containedAt)],
    ['detected to resolved', since(resolvedAt)],
  ]
}

/** `+20` and `-15`. */
export function signed(points: number): string {
  return points > 0 ? `+${points}` : String(points)
}

/** `initial-access` as `initial access`. */
export function words(name: string): string {
  return name.replaceAll('-', ' ')
}

/** `name = value`; a list reads as its parts, anything else as JSON. */
export function factText({ name, value }: Fact): string {
  const isScalar = (one: Json) => typeof one !== 'object' || one === null
  const parts = Array.isArray(value) && value.length > 0 && (value as readonly Json[]).every(isScalar)
  return `${name} = ${parts ? (value as readonly Json[]).map(String).join(', ') : typeof value === 'string' ? value : JSON.stringify(value)}`
}

/** `HIGH 62/100`, and of a severity that a person said who, why, and what the score alone says. */
export function gradeOf(assessment: Assessment | null): string {
  if (assessment === null) return 'not scored'
  const { severity, score, said } = assessment
  const grade = `${severity} ${score}/100`
  return said === undefined ? grade : `${grade} (${saidSeverity(said, score)})`
}

/** Who said a severity and why, beside the one that the score stands for. */
export function saidSeverity(said: NonNullable<Assessment['said']>, score: number): string {
  return `said by ${said.by}: ${said.reason}; the score says ${severityOfScore(score)}`
}
