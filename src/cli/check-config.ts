import type { Bundle } from '../core/content/index.ts'
import { type Document, didYouMean, isObject, type Json, own } from '../core/model/index.ts'
import type { Integration } from '../core/normalize/index.ts'
import { githubSettingNames } from '../github/index.ts'
import { pagerDutySettingNames } from '../paging/index.ts'
import { slackSettingNames } from '../slack/index.ts'
import { type Config, refused, serverParts, unknownMember } from './read-config.ts'

/** What any integration's mapping may say of its actions, and how. */
const ofActions: Readonly<Record<string, { readonly is: string; readonly holds: (value: Json) => boolean }>> = {
  mode: { is: 'simulate or live', holds: (value) => value === 'simulate' || value === 'live' },
  ratePerMinute: { is: 'a number above 0', holds: (value) => typeof value === 'number' && value > 0 },
  rateBurst: { is: 'a number from 1', holds: (value) => typeof value === 'number' && value >= 1 },
  privateAddresses: { is: 'true or false', holds: (value) => typeof value === 'boolean' },
}

/** What verification schemes ask of the configuration. */
const ofSchemes: Readonly<Record<string, readonly string[]>> = {
  'aws-sns': ['topicArns'],
  'oidc-jwt': ['audience', 'email'],
}

const ofChannels: Readonly<Record<string, readonly string[]>> = {
  github: githubSettingNames,
  slack: slackSettingNames,
  pagerduty: pagerDutySettingNames,
}

type Served = Pick<Bundle, 'integrations' | 'playbooks'>

/**
 * Refuses what nobody would read: a mapping that is neither an integration's nor the server's, a member that its integration does not
 * take, a mode or rate that would count as none. Throws a `Failure` with the place. `served` is all content that may come into service.
 */
export function checkConfig({ document }: Config, served: readonly Served[]): void {
  if (document === null) return
  const integrations = served.flatMap((one) => one.integrations)
  for (const [name, mapping] of Object.entries(document.value)) {
    // What other tenants have is held against their own content.
    if (name === 'tenants' || (Object.hasOwn(serverParts, name) && serverParts[name] !== null)) continue
    if (name === 'hooks') {
      checkHooks(document, mapping, served)
      continue
    }
    const meant = integrations.filter((one) => one.id === name)
    if (meant.length === 0 && !Object.hasOwn(serverParts, name)) {
      const known = [...new Set([...integrations.map((one) => one.id), ...Object.keys(serverParts)])]
      throw refused(
        document.place([name], 'key'),
        `"${name}" is no integration and no part of the server`,
        didYouMean(name, known) ?? 'gitsoc integrations list shows those there are',
      )
    }
    const members = [...new Set([...(ofChannels[name] ?? []), ...meant.flatMap(namesTaken), ...Object.keys(ofActions)])]
    for (const [member, value] of Object.entries(isObject(mapping) ? mapping : {})) {
      if (!members.includes(member)) throw unknownMember(document, name, member, members)
      const form = Object.hasOwn(ofActions, member) ? ofActions[member] : undefined
      if (form?.holds(value) === false) throw refused(document.place([name, member]), `${name}.${member} is ${form.is}`)
    }
  }
}

/** `hooks:` has the paths of playbooks' webhooks, each with what its proof of origin asks for. */
function checkHooks(document: Document, mapping: Json | undefined, served: readonly Served[]): void {
  const hooks = served.flatMap((one) => [...one.playbooks.values()].flatMap(({ trigger }) => trigger.webhook ?? []))
  for (const [path, value] of Object.entries(isObject(mapping) ? mapping : {})) {
    const meant = hooks.filter((one) => one.path === path)
    const known = hooks.map((one) => one.path)
    if (meant.length === 0) throw unknownMember(document, 'hooks', path, known)
    if (!isObject(value))
      throw refused(document.place(['hooks', path]), `hooks.${path} is no mapping`, 'write what belongs to it below it')
    const taken = meant.flatMap(({ verify }) => ofSchemes[String(verify.scheme)] ?? [])
    const strange = Object.keys(value).find((one) => !taken.includes(one))
    if (strange !== undefined)
      throw refused(
        document.place(['hooks', path, strange], 'key'),
        `hooks.${path} has no member "${strange}"`,
        didYouMean(strange, taken) ?? (taken.length === 0 ? 'it takes none' : `it has ${taken.join(', ')}`),
      )
  }
}

/** Names that the manifest asks of the configuration: of its proof of origin, and as `config.name` in its requests. */
function namesTaken({ webhook, connection, actions }: Integration): readonly string[] {
  const scheme = String(webhook?.verify.scheme ?? '')
  const asked = JSON.stringify([connection, actions]).matchAll(/\bconfig(?:\.|\[\\?["'])([A-Za-z_]\w*)/g)
  const described = connection === null ? undefined : own(connection, 'config')
  const properties = isObject(described) ? own(described, 'properties') : undefined
  return [
    ...(Object.hasOwn(ofSchemes, scheme) ? (ofSchemes[scheme] ?? []) : []),
    ...Object.keys(isObject(properties) ? properties : {}),
    ...[...asked].map(([, name = '']) => name),
  ]
}
