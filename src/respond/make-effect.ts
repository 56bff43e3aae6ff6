import { compileSelection } from '../core/detect/index.ts'
import { isObject, type Json, type JsonObject, type Place } from '../core/model/index.ts'
import type { ActionSpec } from '../core/normalize/index.ts'
import { callAuthorized } from './authorize.ts'
import type { VendorRequest } from './call-vendor.ts'
import type { Claimed } from './claimed.ts'
import { egressFault } from './egress.ts'
import { type Judgement, judgeAnswer } from './judge-answer.ts'
import type { Verdict } from './next-call.ts'
import { type Performed, type PerformPlaces, perform, simulate } from './perform.ts'
import { readOutput } from './read-output.ts'
import { renderRequest } from './render-request.ts'
import { readXml } from './xml-answer.ts'

/** How vendors are reached. Without it nothing is sent. */
export interface Live {
  /** Configuration of an integration: `mode: live`, the names its manifest takes, `ratePerMinute`, `rateBurst`, `privateAddresses`. */
  readonly config: (integration: string) => JsonObject
  /** Valid values of a secret, newest first. */
  readonly secrets: (name: string) => readonly string[] | undefined
}

/** What a call came to. */
export interface Made {
  readonly verdict: Verdict
  readonly status: number | null
  /** What the steps after it see. */
  readonly output: Json
  readonly result: JsonObject
  readonly rollback: Json
  readonly retryAfterMs: number | null
  readonly sentence: string
}

/** Makes a claimed effect, or asks the vendor whether it was made: simulated, or for real where the integration is live. */
export async function makeEffect(
  claimed: Claimed,
  places: PerformPlaces,
  live: Live | undefined,
  clock: () => number,
): Promise<Made> {
  if (claimed.mode === 'live' && claimed.spec.handler === undefined && live !== undefined)
    return claimed.kind === 'confirm' ? confirm(claimed, live, clock) : send(claimed, live, clock)
  return madeOf(claimed, await perform(claimed.integration, specOf(claimed), intentOf(claimed), places))
}

/** Whether making it leaves nothing outside but a file that says what would be sent. */
export const isOnlySimulated = (claimed: Claimed) => claimed.mode === 'simulate' && claimed.spec.handler === undefined

/** What a simulated effect comes to, and what its file is to tell. */
export function makeSimulated(claimed: Claimed, file: string): { made: Made; told: JsonObject | null } {
  const { performed, told } = simulate(claimed.integration, specOf(claimed), intentOf(claimed), file)
  return { made: madeOf(claimed, performed), told }
}

const specOf = ({ undoes, spec }: Claimed) => (undoes === null ? spec : { ...spec, request: spec.rollback ?? null })
const intentOf = (claimed: Claimed) => ({ ...claimed, effect: String(claimed.spec.effect) })

const madeOf = (claimed: Claimed, done: Performed): Made => ({
  verdict: done.outcome,
  status: null,
  output: done.result,
  result: done.result,
  rollback: claimed.undoes === null ? done.rollback : null,
  retryAfterMs: null,
  sentence: done.sentence,
})

async function send(claimed: Claimed, live: Live, clock: () => number): Promise<Made> {
  const { action, target, spec } = claimed
  const answer = await ask(claimed, claimed.undoes === null ? spec.request : spec.rollback, live, clock)
  const verb = claimed.undoes === null ? action : `taking back ${action}`
  const made = (verdict: Verdict, sentence: string, output: Json): Made => ({
    verdict,
    status: answer.status,
    output,
    result: { mode: 'live', status: answer.status, output },
    rollback: rollbackOf(claimed, live),
    retryAfterMs: answer.retryAfterMs,
    sentence: `${verb} on ${target} ${sentence}`,
  })
  if (answer.verdict !== 'done')
    return made(answer.verdict, `${isWord[answer.verdict]}: ${answer.sentence}`, { error: answer.sentence })
  const output = readOutput(claimed.undoes === null ? spec : { id: spec.id }, answer.status ?? 0, answer.body)
  if (output.ok) return made('done', `is done: the vendor ${answer.sentence}`, output.output)
  const verdict = spec.effect === 'read' ? 'failed' : 'unclear'
  return made(verdict, `${isWord[verdict]}: ${output.why}`, { error: output.why })
}

const isWord: Readonly<Record<Verdict, string>> = {
  done: 'is done',
  failed: 'is not done',
  later: 'is put off',
  unclear: 'may or may not be done',
  absent: 'is not done',
}

/** The manifest's `confirm`: a request, and a Sigma selection over `{ status, body }` that holds when the effect is there. */
async function confirm(claimed: Claimed, live: Live, clock: () => number): Promise<Made> {
  const { confirm: wanted } = claimed.spec
  const place: Place = claimed.integration.ref.place ?? { file: claimed.integration.id, line: 1, column: 1 }
  const selection = isObject(wanted) ? compileSelection(wanted.done ?? null, () => place) : null
  const made = (verdict: Verdict, sentence: string, answer: Judgement | null): Made => ({
    verdict,
    status: answer?.status ?? null,
    output: { confirmed: verdict === 'done' },
    result: { mode: 'live', confirmed: verdict === 'done' },
    rollback: rollbackOf(claimed, live),
    retryAfterMs: answer?.retryAfterMs ?? null,
    sentence: `${claimed.action} on ${claimed.target}: ${sentence}`,
  })
  if (!isObject(wanted) || selection === null || !selection.ok)
    return made('unclear', 'the manifest does not say how it is confirmed', null)
  const answer = await ask(claimed, wanted, live, clock)
  if (answer.verdict !== 'done' && answer.status !== 404)
    return made('unclear', `it cannot be confirmed: ${answer.sentence}`, answer)
  const body = treeOf(claimed.spec, answer.body)
  const isThere = selection.value.test({ status: answer.status, body })
  if (isThere) return made('done', 'the vendor confirms that it is done', answer)
  const isAnswer = body !== null && typeof body !== 'string'
  return isAnswer || answer.status === 404
    ? made('absent', 'the vendor says that it is not done', answer)
    : made('unclear', 'the answer to the confirming request says nothing', answer)
}

/** What a confirming answer holds: an answer in XML by its elements. */
function treeOf(spec: ActionSpec, body: Json): Json {
  if (!isObject(spec.response) || typeof body !== 'string') return body
  const read = readXml(body)
  return read.ok ? read.value : body
}

function rollbackOf(claimed: Claimed, live: Live): Json {
  const { rollback } = claimed.spec
  if (!isObject(rollback) || claimed.undoes !== null) return null
  const config = live.config(claimed.integration.id)
  const rendered = renderRequest(claimed.integration, rollback, claimed.inputs, config, { effect: claimed.id })
  return rendered.ok ? rendered.value : null
}

async function ask(claimed: Claimed, wanted: Json | undefined, live: Live, clock: () => number): Promise<Judgement> {
  const { integration } = claimed
  const config = live.config(integration.id)
  const not = (why: string) => judgeAnswer({ kind: 'refused', why }, clock())
  if (!isObject(wanted)) return not('the manifest has no such request')
  const request = { ...wanted }
  delete request.done
  const given = { effect: claimed.id, secretOf: (name: string) => live.secrets(name)?.[0] }
  const rendered = renderRequest(integration, request, claimed.inputs, config, given)
  if (!rendered.ok) return not(rendered.problems[0]?.message ?? 'it cannot be rendered')
  const base = renderRequest(integration, { method: 'GET', path: '/' }, {}, config, given)
  const { method, headers, body } = rendered.value
  const url = URL.parse(rendered.value.url)
  const baseUrl = base.ok ? URL.parse(base.value.url) : null
  if (url === null || baseUrl === null) return not('the integration has no address: configure it')
  const privateAllowed = config.privateAddresses === true
  const fault = egressFault(integration, url, baseUrl, privateAllowed)
  if (fault !== null) return not(fault)
  const texts = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
  const isJson = body !== null && typeof body !== 'string'
  const wire: VendorRequest = {
    method,
    url,
    headers: {
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      accept: isObject(claimed.spec.response) ? 'application/xml, text/xml' : 'application/json',
      ...texts,
    },
    body: body === null ? null : isJson ? JSON.stringify(body) : String(body),
    timeoutMs: claimed.timeoutMs,
    privateAllowed,
    mayReuse: isAskedAgain(claimed),
  }
  const answer = await callAuthorized(integration, wire, { config, secretOf: given.secretOf, clock })
  return judgeAnswer(answer, clock())
}

/** Whether it can be found out or repeated, without a person, when nobody knows whether it came. */
const isAskedAgain = ({ kind, spec, undoes }: Claimed) =>
  kind === 'confirm' ||
  spec.idempotent === true ||
  spec.effect === 'read' ||
  (isObject(spec.confirm) && undoes === null)
