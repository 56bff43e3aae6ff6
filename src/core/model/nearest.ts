import { distance } from 'fastest-levenshtein'

/** `did you mean "x"?` for the nearest of the known words, or undefined when none is near. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1
  for (const candidate of known) {
    const steps = distance(word.slice(0, 100), candidate)
    if (steps < bestDistance) {
      best = candidate
      bestDistance = steps
    }
  }
  return best === undefined ? undefined : `did you mean "${best}"?`
}
