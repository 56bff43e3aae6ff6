import { wrap } from '../cases/index.ts'

/** Help for a screen of that many columns: paragraphs of running text are filled anew, those with indented lines stay as they are. */
export function refill(text: string, columns: number): string {
  return text
    .split(/(^\n+|\n{2,}|\n+$)/)
    .map((part) => (/^\n*$|^ |\n /.test(part) ? part : wrap(part.replaceAll('\n', ' '), columns).join('\n')))
    .join('')
}
