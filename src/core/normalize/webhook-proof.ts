import type { JsonObject } from '../model/index.ts'

/** What is wrong with a manifest's `webhook.verify`: the member, what is wrong with it, what to write. */
export interface ProofFault {
  readonly member: string
  readonly message: string
  readonly hint?: string
}

/** What each scheme reads; the first list must be given. */
const members: Readonly<Record<string, readonly [needed: readonly string[], more: readonly string[]]>> = {
  hmac: [
    ['secret', 'header'],
    [
      'prefix',
      'algorithm',
      'encoding',
      'separator',
      'signed',
      'timestampHeader',
      'timestampPrefix',
      'toleranceSeconds',
    ],
  ],
  'standard-webhooks': [['secret'], []],
  'static-header': [['secret', 'header'], ['prefix']],
  basic: [['secret'], []],
  'url-token': [['secret'], []],
  'aws-sns': [[], []],
  'oidc-jwt': [['issuer', 'jwksUri'], []],
  none: [[], []],
}

/**
 * What makes a proof of origin worthless or unusable: said when content is checked, and refused again when a delivery
 * comes. A body must be signed; a time that is signed must be checked, and one that is checked must be signed.
 */
export function proofFaults(verify: JsonObject): readonly ProofFault[] {
  const scheme = String(verify.scheme)
  const known = Object.hasOwn(members, scheme) ? members[scheme] : undefined
  if (known === undefined) return [{ member: 'scheme', message: `the scheme "${scheme}" is not known` }]
  const [needed, more] = known
  const faults: ProofFault[] = []
  for (const member of needed)
    if (typeof verify[member] !== 'string' || verify[member] === '')
      faults.push({ member, message: `the scheme ${scheme} needs "${member}"` })
  for (const member of Object.keys(verify))
    if (member !== 'scheme' && !needed.includes(member) && !more.includes(member))
      faults.push({ member, message: `the scheme ${scheme} does not read "${member}"`, hint: 'remove it' })
  return scheme === 'hmac' ? [...faults, ...hmacFaults(verify)] : faults
}

function hmacFaults(verify: JsonObject): readonly ProofFault[] {
  const faults: ProofFault[] = []
  const { signed, timestampHeader, timestampPrefix, separator, algorithm, toleranceSeconds } = verify
  const template = typeof signed === 'string' ? signed : '{body}'
  const times = [timestampHeader, timestampPrefix].filter((one) => one !== undefined).length
  if (template.split('{body}').length !== 2)
    faults.push({ member: 'signed', message: '"signed" must hold {body} once: what is not signed proves nothing' })
  if (template.split('{timestamp}').length - 1 !== times)
    faults.push({
      member: 'signed',
      message: '"signed" must hold {timestamp} exactly when there is a timestampHeader or a timestampPrefix',
      hint: 'a time that is not signed can be changed, one that is not checked stops no replay',
    })
  if (timestampPrefix !== undefined && separator === undefined)
    faults.push({ member: 'timestampPrefix', message: '"timestampPrefix" needs a "separator" that ends it' })
  if (algorithm !== undefined && !['sha256', 'sha512', 'sha1'].includes(String(algorithm)))
    faults.push({ member: 'algorithm', message: `the algorithm "${String(algorithm)}" is not supported` })
  if (toleranceSeconds !== undefined && times === 0)
    faults.push({ member: 'toleranceSeconds', message: '"toleranceSeconds" without a timestamp checks nothing' })
  if (typeof toleranceSeconds === 'number' && !(toleranceSeconds >= 1 && toleranceSeconds <= 3600))
    faults.push({ member: 'toleranceSeconds', message: '"toleranceSeconds" must be from 1 to 3600' })
  return faults
}
