import { formatPlace, type Problem } from '../model/index.ts'
import type { SourceFile } from './source.ts'

/** The problems as `text` with a code frame, one JSON document, or GitHub workflow commands. */
export function formatProblems(
  problems: readonly Problem[],
  files: readonly SourceFile[],
  format: 'text' | 'json' | 'github',
): string {
  if (format === 'json') return JSON.stringify(problems)
  if (format === 'github') return problems.map(annotation).join('\n')
  const texts = new Map(files.map((file) => [file.path, file.text]))
  return problems.map((one) => block(one, texts)).join('\n\n')
}

function block(one: Problem, texts: ReadonlyMap<string, string>): string {
  const where = one.place === undefined ? '' : `${formatPlace(one.place)} `
  const head = `${where}${one.severity}: ${one.message} [${one.code}]`
  const line = one.place === undefined ? undefined : texts.get(one.place.file)?.split(/\r?\n/)[one.place.line - 1]
  const frame = line === undefined || one.place === undefined ? [] : codeFrame(line, one.place.line, one.place.column)
  return [head, ...frame, ...(one.hint === undefined ? [] : [`  hint: ${one.hint}`])].map(shown).join('\n')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
const commanding = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/gu

/** One character for one: what a file holds commands no terminal, and the caret stays below its place. */
function shown(line: string): string {
  return line.replace(/\t/g, ' ').replace(commanding, '·')
}

function codeFrame(line: string, number: number, column: number): string[] {
  const gutter = ` ${number} | `
  const visible = line.length > 140 ? `${line.slice(0, 139)}…` : line
  const width = Math.max(1, /^["']?[\w.|@/-]+/.exec(line.slice(column - 1))?.[0].length ?? 1)
  return [`${gutter}${visible}`, `${' '.repeat(gutter.length + column - 1)}${'^'.repeat(Math.min(width, 60))}`]
}

function annotation(one: Problem): string {
  const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
  const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
  const place =
    one.place === undefined ? '' : ` file=${property(one.place.file)},line=${one.place.line},col=${one.place.column}`
  return `::${one.severity}${place}::${data(one.hint === undefined ? one.message : `${one.message} (${one.hint})`)}`
}
