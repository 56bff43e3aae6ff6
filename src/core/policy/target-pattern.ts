import ipaddr from 'ipaddr.js'

/** Whether a target is meant: text in which `*` stands for any text, or a network. Every spelling of an address is the same address: `::ffff:10.0.0.1` lies in `10.0.0.0/8`. */
export function matchesTarget(pattern: string, target: string): boolean {
  const text = target.trim().toLowerCase()
  const address = ipaddr.isValid(text) ? ipaddr.process(text) : null
  if (ipaddr.isValidCIDR(pattern)) {
    const [network, bits] = ipaddr.parseCIDR(pattern)
    return address !== null && address.kind() === network.kind() && address.match(network, bits)
  }
  return fits(pattern, text) || (address !== null && fits(pattern, address.toString()))
}

/** `*` stands for any text. */
export function fits(pattern: string, text: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return text === pattern
  let at = 0
  for (const [index, part] of parts.entries()) {
    const found =
      index === 0
        ? text.startsWith(part)
          ? 0
          : -1
        : index === parts.length - 1
          ? text.endsWith(part) && text.length - part.length >= at
            ? text.length - part.length
            : -1
          : text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return true
}
