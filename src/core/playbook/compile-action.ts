import { didYouMean, type Json, type JsonObject } from '../model/index.ts'
import type { ActionStep, KnownAction, Retry, Step } from './language.ts'
import { asObject, fail, type Path, type Reading, readDuration, readValue } from './reading.ts'

const second = 1000
const defaultTimeoutMs = 30 * second
const once: Retry = { attempts: 1, backoffMs: second, maxMs: 60 * second }

/** Compiles a call of an action against what its integration declares. */
export function compileAction(
  raw: JsonObject,
  path: Path,
  reading: Reading,
  head: Pick<Step, 'id' | 'title' | 'place' | 'when' | 'onError'>,
): ActionStep {
  const at = (key: string) => [...path, key]
  const call = String(raw.action)
  const [integration = '', action = ''] = call.split('.')
  const known = reading.actions.get(call)
  if (known === undefined)
    fail(
      reading,
      'unknown-action',
      `there is no action "${call}"`,
      at('action'),
      didYouMean(call, reading.actions.keys()),
    )
  else checkInputs(raw, path, known, reading)
  if (known?.effect === 'destructive' && raw.expires === undefined)
    fail(
      reading,
      'expires',
      `"${call}" is destructive and has no "expires"`,
      at('action'),
      'a containment ends some day: write "expires: 24h"',
    )
  return {
    ...head,
    kind: 'action',
    integration,
    action,
    inputs: readValue(reading, raw.with ?? {}, at('with')),
    expiresMs: raw.expires === undefined ? null : readDuration(reading, raw.expires, at('expires')),
    retry: retryOf(raw.retry, at('retry'), reading),
    timeoutMs: raw.timeout === undefined ? defaultTimeoutMs : readDuration(reading, raw.timeout, at('timeout')),
    approval: approvalOf(raw.approval, at('approval'), reading),
  }
}

function retryOf(raw: Json | undefined, path: Path, reading: Reading): Retry {
  if (raw === undefined) return once
  const { attempts, backoff, max } = asObject(raw)
  return {
    attempts: Number(attempts),
    backoffMs: backoff === undefined ? once.backoffMs : readDuration(reading, backoff, [...path, 'backoff']),
    maxMs: max === undefined ? once.maxMs : readDuration(reading, max, [...path, 'max']),
  }
}

function approvalOf(raw: Json | undefined, path: Path, reading: Reading): ActionStep['approval'] {
  if (raw === undefined) return null
  const { roles, quorum, expires } = asObject(raw)
  return {
    roles: (Array.isArray(roles) ? (roles as readonly Json[]) : ['responder']).map(String),
    quorum: typeof quorum === 'number' ? quorum : 1,
    expiresMs: expires === undefined ? 4 * 3600 * second : readDuration(reading, expires, [...path, 'expires']),
  }
}

function checkInputs(raw: JsonObject, path: Path, known: KnownAction, reading: Reading): void {
  const given = asObject(raw.with)
  const declared = asObject(known.input.properties)
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(declared, name)) continue
    const hint = didYouMean(name, Object.keys(declared))
    fail(reading, 'unknown-input', `the action takes no input "${name}"`, [...path, 'with', name], hint, 'key')
  }
  for (const name of Array.isArray(known.input.required) ? (known.input.required as readonly string[]) : []) {
    if (!Object.hasOwn(given, name)) fail(reading, 'missing-input', `the input "${name}" is missing`, [...path, 'with'])
  }
}
