/** Longer texts are not remembered: they seldom come again, and finding them again costs what looking through them does. */
const maxLength = 512
/** What an entry takes beside its text, roughly. */
const entryBytes = 120

/**
 * What was found out about texts that come again and again (programs, accounts, levels), for all fields of a matcher
 * together. Bounded: when the texts exceed the bytes allowed, all is forgotten, so that a sender of ever new texts costs
 * the others their memory and nothing more.
 */
export class ValueCaches<T> {
  private readonly maxBytes: number
  private readonly all: Map<string, T>[] = []
  private bytes = 0

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
  }

  /** A function that answers as `compute` does, from memory where it can. */
  remember(compute: (text: string) => T): (text: string) => T {
    const known = new Map<string, T>()
    this.all.push(known)
    return (text) => {
      if (text.length > maxLength) return compute(text)
      let value = known.get(text)
      if (value === undefined) {
        value = compute(text)
        this.bytes += 2 * text.length + entryBytes
        if (this.bytes > this.maxBytes) this.clear()
        known.set(text, value)
      }
      return value
    }
  }

  private clear(): void {
    for (const known of this.all) known.clear()
    this.bytes = 0
  }
}
