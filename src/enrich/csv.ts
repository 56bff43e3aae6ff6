/** The rows of CSV (RFC 4180, one row per line) with their line numbers; quotes may hold commas and doubled quotes. */
export function* csvRows(text: string): Generator<readonly [line: number, cells: readonly string[]]> {
  let line = 0
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start)
    const row = text.slice(start, end === -1 ? text.length : end).replace(/\r$/, '')
    start = end === -1 ? text.length : end + 1
    line++
    if (row.trim() !== '' && !row.startsWith('#')) yield [line, cellsOf(row)]
  }
}

function cellsOf(row: string): readonly string[] {
  if (!row.includes('"')) return row.split(',').map((cell) => cell.trim())
  const cells: string[] = []
  let cell = ''
  let quoted = false
  for (let at = 0; at < row.length; at++) {
    const character = row[at]
    if (quoted && character === '"' && row[at + 1] === '"') {
      cell += '"'
      at++
    } else if (character === '"') quoted = !quoted
    else if (character === ',' && !quoted) {
      cells.push(cell.trim())
      cell = ''
    } else cell += character
  }
  return [...cells, cell.trim()]
}
