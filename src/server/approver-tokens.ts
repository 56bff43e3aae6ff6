import { createHash, timingSafeEqual } from 'node:crypto'

/** Whom a token stands for. */
export interface Approver {
  readonly actor: string
  readonly roles: readonly string[]
}

const line = /^(\S{20,200}) (\S{1,200}) ([a-z0-9][a-z0-9-]{0,62}(?:,[a-z0-9][a-z0-9-]{0,62}){0,19})$/

/**
 * The approver of an `Authorization: Bearer` header, or null. Each value of the secret is `<token> <person> <role,role>`, with a token of at
 * least 20 characters; a value of another form stands for nobody. Every value is compared, each in constant time.
 */
export function approverOf(values: readonly string[], authorization: string | undefined): Approver | null {
  const given = /^Bearer (\S{1,200})$/i.exec(authorization ?? '')?.[1] ?? ''
  let found: Approver | null = null
  for (const value of values) {
    const [, token, actor, roles] = line.exec(value) ?? []
    if (token === undefined || actor === undefined || roles === undefined) continue
    if (timingSafeEqual(digest(token), digest(given))) found = { actor, roles: roles.split(',') }
  }
  return found
}

const digest = (text: string) => createHash('sha256').update(text).digest()
