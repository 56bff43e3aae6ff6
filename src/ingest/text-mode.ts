const enoughBytes = 1_900_000
const newline = 10
/** A bracket with something behind it that no list of records has there: "[error] …", "[   12.5] …", "[section]". */
const bracketOfText = /^\[(?![ \t]*(?:[{\]\r\n]|$))/

/**
 * Whether bytes are records, one a line, or one document: lines when the first line is a whole JSON value, or neither
 * JSON nor XML at all. `unknown` while too little of it is there.
 */
export function textModeOf(data: Buffer, complete: boolean): 'unknown' | 'lines' | 'document' {
  const start = data
    .subarray(0, 4096)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
  if (start === '') return complete || data.length > enoughBytes ? 'document' : 'unknown'
  if (start.startsWith('<') && !/^<\d{1,3}>/.test(start)) return 'document'
  if (!/^[{[]/.test(start) || bracketOfText.test(start)) return 'lines'
  if (!complete && data.length < enoughBytes && data.indexOf(newline) < 0) return 'unknown'
  const text = data
    .subarray(0, enoughBytes)
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .trimStart()
  const end = text.indexOf('\n')
  if (end < 0) return complete || data.length >= enoughBytes ? 'document' : 'unknown'
  const first = text.slice(0, end).trim()
  const second = text.slice(end + 1).replace(/^[\r\n]+/, '')
  if (isWhole(first)) return second === '' && complete ? 'document' : 'lines'
  // A list goes on over lines; of an object it is the next line's beginning that tells a broken record from a document.
  if (first.startsWith('[') || first === '{') return 'document'
  if (second === '') return complete || data.length >= enoughBytes ? 'document' : 'unknown'
  return second.startsWith('{') ? 'lines' : 'document'
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
