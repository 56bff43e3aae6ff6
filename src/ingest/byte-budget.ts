/** A share of the memory that requests may hold together. */
export interface Hold {
  /** False when there is no room for so many bytes more. */
  take(bytes: number): boolean
  /** Gives everything back; what is taken afterwards is refused. */
  release(): void
}

/** Memory that requests share: many small bodies or few large ones, but never more than `maxBytes` of senders nobody has verified yet. */
export function createByteBudget(maxBytes: number): { hold(): Hold } {
  let used = 0
  return {
    hold() {
      let held = 0
      let released = false
      return {
        take(bytes) {
          if (released || used + bytes > maxBytes) return false
          used += bytes
          held += bytes
          return true
        },
        release() {
          used -= held
          held = 0
          released = true
        },
      }
    },
  }
}
