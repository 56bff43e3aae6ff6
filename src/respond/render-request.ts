import { isObject, type Json, type JsonObject, type Place, problem, type Result } from '../core/model/index.ts'
import type { ActionSpec, Integration } from '../core/normalize/index.ts'
import { compileValue, type Value } from '../core/template/index.ts'

/** A request as it would be sent; secrets stand in it as `secret:<name>` unless their values are given. */
export interface RenderedRequest extends JsonObject {
  readonly method: string
  readonly url: string
  readonly headers: JsonObject
  readonly body: Json
}

/**
 * Renders a manifest's request with the inputs of a step. Each part of the path and each query value is percent-encoded,
 * parts that would climb (`..`) or vanish are refused, header values lose line breaks: what stands in an event cannot become another path, query or header.
 * `effect.id` is the same for every call of one effect: what vendors take as an idempotency key.
 */
export function renderRequest(
  integration: Integration,
  request: JsonObject,
  inputs: JsonObject,
  config: JsonObject,
  live: { readonly effect: string; readonly secretOf?: (name: string) => string | undefined } = { effect: 'effect-id' },
): Result<RenderedRequest> {
  const place: Place = integration.ref.place ?? {
    file: `integrations/${integration.id}/integration.yaml`,
    line: 1,
    column: 1,
  }
  const problems: Extract<Result<Json>, { ok: false }>['problems'][number][] = []
  const secrets = Object.fromEntries(
    ((integration.connection?.secrets ?? []) as readonly string[]).map((name) => {
      const value = live.secretOf === undefined ? `secret:${name}` : live.secretOf(name)
      if (value === undefined) problems.push(problem('request/secret', `there is no secret "${name}"`, place))
      return [name.replace(/-/g, '_'), value ?? '']
    }),
  )
  const scope: JsonObject = { ...inputs, config, secret: secrets, effect: { id: live.effect } }
  const render = (raw: Json): Result<Json> => {
    const compiled = compiledOf(integration, raw, place)
    return compiled.ok ? compiled.value.render(scope) : compiled
  }
  const text = (raw: Json): string => {
    const rendered = render(raw)
    if (rendered.ok) return typeof rendered.value === 'string' ? rendered.value : JSON.stringify(rendered.value)
    problems.push(...rendered.problems)
    return ''
  }
  const path = String(request.path)
    .split('/')
    .map((part) => {
      if (!part.includes('{{')) return part
      const value = text(part).toWellFormed()
      if (/^\.{0,2}$/.test(value))
        problems.push(problem('request/path', `"${value}" cannot be a part of the path ${String(request.path)}`, place))
      return encodeURIComponent(value)
    })
    .join('/')
  const query = Object.entries(isObject(request.query) ? request.query : {}).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(text(value).toWellFormed())}`,
  )
  const auth = authHeader(integration, live.secretOf !== undefined)
  const headers = Object.entries({ ...(isObject(request.headers) ? request.headers : {}), ...auth }).map(
    ([key, value]) => [key.toLowerCase(), text(value).replace(/[\r\n\0]+/g, ' ')] as const,
  )
  const body = request.body === undefined ? ({ ok: true, value: null } as const) : render(request.body)
  if (!body.ok) problems.push(...body.problems)
  const baseUrl =
    integration.connection === null
      ? ''
      : String(integration.connection.baseUrl).includes('{{') && Object.keys(config).length === 0
        ? `(${integration.id})`
        : text(integration.connection.baseUrl ?? '')
  if (problems.length > 0 || !body.ok) return { ok: false, problems }
  return {
    ok: true,
    value: {
      method: String(request.method),
      url: `${baseUrl}${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
      headers: Object.fromEntries(headers),
      body: body.value,
    },
  }
}

/** The header of `auth`; of a scheme that makes it when it is sent, a stand-in for whoever only looks. */
function authHeader({ connection }: Integration, isSent: boolean): JsonObject {
  const { auth } = connection ?? {}
  if (!isObject(auth)) return {}
  if (auth.scheme === undefined) return { [String(auth.header)]: auth.value ?? null }
  if (isSent) return {}
  return { authorization: auth.scheme === 'sigv4' ? 'AWS4-HMAC-SHA256 secret:signature' : 'Bearer secret:access-token' }
}

/** A value of a manifest's connection that may hold `{{ config.… }}`. */
export function renderSetting(integration: Integration, raw: Json, config: JsonObject): Result<Json> {
  const place: Place = integration.ref.place ?? { file: integration.id, line: 1, column: 1 }
  const compiled = compiledOf(integration, raw, place)
  return compiled.ok ? compiled.value.render({ config }) : compiled
}

const known = new WeakMap<Integration, Map<Json, Result<Value>>>()

/** A part of a manifest, compiled once. */
function compiledOf(integration: Integration, raw: Json, place: Place): Result<Value> {
  const compiled = known.get(integration) ?? new Map<Json, Result<Value>>()
  known.set(integration, compiled)
  const before = compiled.get(raw)
  if (before !== undefined) return before
  const value = compileValue(
    typeof raw === 'string'
      ? raw.replace(/secret\.([a-z0-9-]+)/g, (_all, name: string) => `secret.${name.replace(/-/g, '_')}`)
      : raw,
    () => place,
  )
  compiled.set(raw, value)
  return value
}

/** The action of an integration, or undefined. */
export function findAction(
  integrations: readonly Integration[],
  integration: string,
  action: string,
): { readonly integration: Integration; readonly spec: ActionSpec } | undefined {
  const owner = integrations.find((one) => one.id === integration)
  const spec = owner?.actions.find((one) => one.id === action)
  return owner === undefined || spec === undefined ? undefined : { integration: owner, spec }
}
