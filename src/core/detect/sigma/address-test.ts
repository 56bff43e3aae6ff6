import ipaddr from 'ipaddr.js'
import type { ValueFault } from './modifier-rules.ts'
import { unbound, type ValueTest } from './value-test.ts'

const longestAddress = 45

/** `cidr`: whether an address is in a network of version 4 or 6; version 4 written inside version 6 is version 4. */
export function compileCidr(value: string): ValueTest | ValueFault {
  if (!ipaddr.isValidCIDR(value) || !isAddress(value.slice(0, value.lastIndexOf('/'))))
    return {
      message: `"cidr" takes a network like 10.0.0.0/8, this is ${JSON.stringify(value)}`,
      ...(isAddress(value) ? { hint: `for one address: ${value}/${value.includes(':') ? 128 : 32}` } : {}),
    }
  const [network, bits] = ipaddr.parseCIDR(value)
  return unbound((_view, field) =>
    field.values.some((one) => {
      if (typeof one !== 'string' || one.length > longestAddress || !isAddress(one)) return false
      const address = ipaddr.process(one)
      return address.kind() === network.kind() && address.match(network, bits)
    }),
  )
}

/** Short and octal forms such as `10.1` are no addresses: programs read them differently. */
const isAddress = (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
