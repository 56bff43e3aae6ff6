/** Counts over a sliding time as pairs of a slice's number and its count, oldest first: plain data. */
export type Slices = number[]

/** Counts one more in a slice and leaves out those before `from`. */
export function addTo(slices: Slices, slice: number, from: number): void {
  let at = slices.length
  while (at > 0 && (slices[at - 2] as number) > slice) at -= 2
  if (at > 0 && slices[at - 2] === slice) slices[at - 1] = (slices[at - 1] as number) + 1
  else slices.splice(at, 0, slice, 1)
  let old = 0
  while (old < slices.length && (slices[old] as number) < from) old += 2
  if (old > 0) slices.splice(0, old)
}

/** The sum of the slices from `from` on. */
export function sumOf(slices: Slices, from: number): number {
  let sum = 0
  for (let at = slices.length - 2; at >= 0 && (slices[at] as number) >= from; at -= 2) sum += slices[at + 1] as number
  return sum
}

/** The count of one slice. */
export function countIn(slices: Slices, slice: number): number {
  let low = 0
  let high = slices.length / 2 - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const seen = slices[2 * middle] as number
    if (seen === slice) return slices[2 * middle + 1] as number
    if (seen < slice) low = middle + 1
    else high = middle - 1
  }
  return 0
}
