import nunjucks from 'nunjucks'

const forbidden = new Set([
  'constructor',
  '__proto__',
  'prototype',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
])

function lookup(object: unknown, key: unknown): unknown {
  if (typeof object === 'string')
    return key === 'length' ? object.length : Number.isInteger(key) ? object[key as number] : undefined
  if (typeof object !== 'object' || object === null || forbidden.has(String(key))) return undefined
  const value = Object.hasOwn(object, key as PropertyKey)
    ? (object as Record<PropertyKey, unknown>)[key as PropertyKey]
    : undefined
  return typeof value === 'function' ? undefined : value
}

interface Runtime {
  memberLookup: unknown
  callWrap: unknown
  contextOrFrameLookup: unknown
}

/**
 * Closes the ways out of a template, process-wide: own members only, no functions, no calls
 * (nunjucks has no sandbox; see mozilla/nunjucks issue 271).
 */
export function harden(): void {
  const runtime = nunjucks.runtime as unknown as Runtime
  runtime.memberLookup = lookup
  runtime.callWrap = () => {
    throw new Error('a template cannot call functions')
  }
  runtime.contextOrFrameLookup = (
    context: { ctx: unknown },
    frame: { lookup(name: string): unknown },
    name: string,
  ) => {
    if (forbidden.has(name)) return undefined
    const local = lookup((frame as unknown as { variables: unknown }).variables, name)
    return local !== undefined ? local : lookup(context.ctx, name)
  }
}
