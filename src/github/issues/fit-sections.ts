/** A part of a text whose rows may be left out from the end when there is no room. */
export interface Section {
  readonly head: readonly string[]
  readonly rows: readonly string[]
  readonly tail: readonly string[]
  /** Which sections give up rows first: the lowest. Sections of the same order do so together. */
  readonly keep: number
  /** Says what was left out of this one, `count` rows of it. */
  readonly cut: (count: number) => string
}

/** GitHub takes 65,536 characters; ours is counted in UTF-16 units, which are never fewer. */
export const maxBody = 65_000

/**
 * The sections as one text of at most `limit` characters: where it would be longer, sections give up rows, the least important
 * first, and each says how many. What must be seen stands in heads and tails, which are bounded by who makes them.
 */
export function fitSections(sections: readonly Section[], limit = maxBody): string {
  const kept = sections.map((one) => one.rows.length)
  const text = () =>
    sections
      .map((one, index) => {
        const count = kept[index] ?? 0
        const left = one.rows.length - count
        return [...one.head, ...one.rows.slice(0, count), ...(left > 0 ? ['', one.cut(left)] : []), ...one.tail].join(
          '\n',
        )
      })
      .filter((one) => one !== '')
      .join('\n\n')
  const orders = [...new Set(sections.map((one) => one.keep))].sort((a, b) => a - b)
  for (const order of orders) {
    for (;;) {
      const excess = text().length - limit
      if (excess <= 0) return `${text()}\n`
      const longest = sections
        .map((one, index) => ({ index, one, length: one.rows.slice(0, kept[index]).join('\n').length }))
        .filter(({ one, index }) => one.keep === order && (kept[index] ?? 0) > 0)
        .toSorted((a, b) => b.length - a.length)[0]
      if (longest === undefined) break
      kept[longest.index] = rowsWithin(longest.one.rows.slice(0, kept[longest.index]), longest.length - excess - 200)
    }
  }
  return `${text().slice(0, limit)}\n`
}

/** How many of the rows, from the first, fit into so many characters; always fewer than there are. */
function rowsWithin(rows: readonly string[], limit: number): number {
  let length = 0
  for (const [index, row] of rows.entries()) {
    length += row.length + 1
    if (length > limit) return index
  }
  return Math.max(0, rows.length - 1)
}
