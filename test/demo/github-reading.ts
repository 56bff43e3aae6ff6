import { setTimeout as wait } from 'node:timers/promises'

/** The first lines of a text of GitHub's, without what only keeps it harmless there: marks, invisible breaks, escapes. */
export function excerpt(text: string, lines: number): string {
  const all = text
    .split('\n')
    .filter((line) => !line.startsWith('<!--'))
    .map((line) => line.replace(/\u200b/g, '').replace(/\\([\\[\]<>*_~|#`])/g, '$1'))
  return [...all.slice(0, lines), ...(all.length > lines ? [`… ${all.length - lines} more lines`] : [])].join('\n')
}

/** Looks until there is something, for a minute. */
export async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let n = 0; n < 600; n++) {
    const found = await look()
    if (found !== undefined) return found
    await wait(100)
  }
  throw new Error(`waited a minute for ${what}`)
}
