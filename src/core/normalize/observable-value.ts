import ipaddr from 'ipaddr.js'
import type { ObservableType } from '../model/index.ts'

const domainForm = /^(?=.{4,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/
const maxText = 512
const plainIpv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** The value in the normal form of its type, or null when it is none: what is no address is no `ip`. */
export function normalizeObservable(type: ObservableType, raw: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters have no place in an observable
  const text = raw.trim().replace(/[\u0000-\u001f\u007f]/g, '')
  if (text === '' || text === '-' || /^(unknown|none|n\/a|null)$/i.test(text)) return null
  switch (type) {
    case 'ip':
      return normalizeIp(text)
    case 'domain': {
      const name = text.toLowerCase().replace(/\.$/, '')
      return domainForm.test(name) ? name : null
    }
    case 'host': {
      const name = text.toLowerCase().replace(/\.$/, '')
      return /^[a-z0-9_][a-z0-9._:-]{0,252}$/.test(name) ? name : null
    }
    case 'email':
      return /^[^\s@<>"]{1,64}@[^\s@<>"]{1,253}$/.test(text) ? text.toLowerCase() : null
    case 'hash': {
      const hash = text.toLowerCase()
      return /^([0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/.test(hash) ? hash : null
    }
    case 'url':
      return /^[a-z][a-z0-9+.-]{1,20}:\/\/\S+$/i.test(text) ? text.slice(0, 2000) : null
    case 'access-key':
      return /^[A-Z0-9]{16,128}$/.test(text) ? text : null
    case 'user':
      return text.toLowerCase().slice(0, 256)
    default:
      return text.slice(0, maxText)
  }
}

/** Leading zeros are refused: some readers take them for octal, so the text names two addresses. */
function normalizeIp(text: string): string | null {
  // Most addresses are plain IPv4: they are their own normal form.
  if (plainIpv4.test(text)) return text.startsWith('127.') || text.startsWith('0.') ? null : text
  const bare = text.replace(/^\[|\]$/g, '')
  if (bare.length > 45 || !/^[0-9a-fA-F.:]+$/.test(bare) || !ipaddr.isValid(bare)) return null
  if (!bare.includes(':') && !/^(?:(?:0|[1-9]\d*)(?:\.(?!$)|$)){4}$/.test(bare)) return null
  const address = ipaddr.process(bare)
  const range = address.range()
  return range === 'loopback' || range === 'unspecified' ? null : address.toString()
}
