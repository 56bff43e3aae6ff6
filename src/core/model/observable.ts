/** What kinds of values are worth looking up. `user` is a login or address, `process` an image path or name. */
export const observableTypes = [
  'ip',
  'domain',
  'url',
  'hash',
  'user',
  'host',
  'file',
  'email',
  'process',
  'resource',
  'access-key',
] as const
export type ObservableType = (typeof observableTypes)[number]

/** What part the value played: `attacker` acts, `target` is acted on, `related` is only mentioned. */
export const observableRoles = ['attacker', 'target', 'related'] as const
export type ObservableRole = (typeof observableRoles)[number]

/** A value worth looking up. Values are normalised: ip, domain, email, hash and host in lower case, trimmed. */
export interface Observable {
  readonly type: ObservableType
  readonly value: string
  readonly role: ObservableRole
}

/** `type:value`, the identity of an observable without its role. */
export function observableKey(observable: Observable): string {
  return `${observable.type}:${observable.value}`
}
