import ipaddr from 'ipaddr.js'

/** Networks with a value each; the most specific one that holds an address answers, in time that does not grow with their number. */
export interface NetworkSet<T> {
  /** False when the text is no network. */
  add(cidr: string, value: T): boolean
  /** The value of the smallest network with the address; undefined for text that is no address. */
  find(address: string): T | undefined
}

export function networkSet<T>(): NetworkSet<T> {
  const byBits = { ipv4: new Map<number, Map<string, T>>(), ipv6: new Map<number, Map<string, T>>() }
  const order: { ipv4: number[]; ipv6: number[] } = { ipv4: [], ipv6: [] }
  return {
    add(cidr, value) {
      if (!ipaddr.isValidCIDR(cidr)) return false
      const [address, bits] = ipaddr.parseCIDR(cidr)
      const kind = address.kind()
      const networks = byBits[kind].get(bits) ?? new Map<string, T>()
      if (networks.size === 0) {
        byBits[kind].set(bits, networks)
        order[kind] = [...byBits[kind].keys()].sort((a, b) => b - a)
      }
      const prefix = prefixOf(address.toByteArray(), bits)
      if (!networks.has(prefix)) networks.set(prefix, value)
      return true
    },
    find(text) {
      if (!ipaddr.isValid(text)) return undefined
      const address = ipaddr.process(text)
      const bytes = address.toByteArray()
      for (const bits of order[address.kind()]) {
        const found = byBits[address.kind()].get(bits)?.get(prefixOf(bytes, bits))
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}

/** The first bits of an address as a key. */
function prefixOf(bytes: readonly number[], bits: number): string {
  const whole = bits >> 3
  const rest = bits & 7
  const last = rest === 0 ? [] : [(bytes[whole] ?? 0) & (0xff << (8 - rest)) & 0xff]
  return String.fromCharCode(...bytes.slice(0, whole), ...last)
}
