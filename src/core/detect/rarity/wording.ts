/** `DE, FR, NL and 4 more`; `none` of nothing. */
export function listText(texts: readonly string[], limit: number): string {
  if (texts.length === 0) return 'none'
  const more = texts.length - limit
  return more > 0 ? `${texts.slice(0, limit).join(', ')} and ${more} more` : texts.join(', ')
}

/** `12,402`, whatever the machine's language. */
export const numberText = (value: number) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')

/** A share as `0.04 %`. */
export const percentText = (share: number) => `${Number((share * 100).toPrecision(2))} %`
