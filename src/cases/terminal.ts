import { oneLine } from '../core/model/index.ts'

const invisible = /[\u00ad\u200b-\u200f\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

/** Text of an attacker as one line for a terminal: no escape sequence, line break, change of direction or hidden character. */
export function plain(text: string, limit = 300): string {
  return oneLine(text.toWellFormed().replace(invisible, ''), limit)
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u
const combining = /\p{Mn}|\p{Me}/u

/** Columns that a text takes: East Asian wide characters and pictographs take two, combining marks none. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const character of text) columns += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  return columns
}

/** The text cut or filled to exactly that many columns. */
export function cell(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text + ' '.repeat(columns - columnsOf(text))
  let cut = ''
  for (const character of text) {
    if (columnsOf(cut + character) > columns - 1) break
    cut += character
  }
  return `${cut}…${' '.repeat(columns - 1 - columnsOf(cut))}`
}

/** The text in lines of at most that many columns, broken at spaces where there are any. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    let rest = word
    if (line !== '' && columnsOf(line) + 1 + columnsOf(rest) <= columns) {
      line += ` ${rest}`
      continue
    }
    if (line !== '') lines.push(line)
    while (columnsOf(rest) > columns) {
      const part = takeColumns(rest, columns)
      lines.push(part)
      rest = rest.slice(part.length)
    }
    line = rest
  }
  return line === '' ? lines : [...lines, line]
}

function takeColumns(text: string, columns: number): string {
  let part = ''
  for (const character of text) {
    if (columnsOf(part + character) > columns) break
    part += character
  }
  return part === '' ? [...text].slice(0, 1).join('') : part
}
