import type { JsonObject } from '../model/index.ts'
import type { PlayedEffect, PlayedQuestion } from '../playbook/index.ts'

/** A question in the form in which fixtures expect it. */
export function questionOf({ path, question, options, roles, expiresMs, onExpiry }: PlayedQuestion): JsonObject {
  return { step: path, question, options, to: roles, expires: durationText(expiresMs), onExpiry: onExpiry ?? 'fail' }
}

/** An effect in the form in which fixtures expect it. */
export function effectOf(effect: PlayedEffect): JsonObject {
  const { asked, expiresMs, attempts } = effect
  return {
    step: effect.path,
    action: effect.action,
    target: effect.target,
    with: effect.inputs,
    gate: effect.gate.answer,
    ...(asked === null
      ? {}
      : {
          asks: {
            roles: asked.roles,
            quorum: asked.quorum,
            expires: durationText(asked.expiresMs),
            ...(asked.also === undefined ? {} : { also: asked.also.map(({ roles, quorum }) => ({ roles, quorum })) }),
          },
        }),
    ...(expiresMs === null ? {} : { expires: durationText(expiresMs) }),
    ...(attempts === 1 ? {} : { attempts }),
    ...(effect.outcome === 'done' ? {} : { outcome: effect.outcome }),
  }
}

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
]

/** A duration as content writes it, in the largest unit that fits. */
export function durationText(ms: number): string {
  const [unit, size] = units.find(([, one]) => ms % one === 0) ?? ['s', 1000]
  return `${ms / size}${unit}`
}
