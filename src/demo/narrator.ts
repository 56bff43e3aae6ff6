import { styleText } from 'node:util'
import { wrap } from '../cases/index.ts'
import { oneLine } from '../core/model/index.ts'

type Style = Parameters<typeof styleText>[0]

/** Writes the story: headings, facts, lines with a clock. Colour only on a terminal. */
export interface Narrator {
  heading(text: string): void
  /** A sentence, in lines of the terminal's width; further lines stand below the first word, or `hang` columns further in. */
  say(text: string, hang?: number): void
  fact(name: string, value: string): void
  at(time: number, kind: string, text: string): void
  block(text: string): void
}

const kindStyle: Readonly<Record<string, Style>> = {
  alert: 'yellow',
  run: 'cyan',
  action: 'green',
  approval: 'magenta',
  decision: 'gray',
  person: 'magenta',
}

export function createNarrator(out: NodeJS.WriteStream): Narrator {
  const paint = (style: Style, text: string) => (out.isTTY ? styleText(style, text) : text)
  const write = (text: string) => out.write(`${text}\n`)
  const columns = Math.max(60, Math.min(out.columns ?? 100, 140))
  return {
    heading: (text) => write(`\n${paint('bold', text)}\n${paint('gray', '─'.repeat(Math.min(columns, text.length)))}`),
    say: (text, hang = 0) => {
      const words = text.trimStart()
      const indent = text.length - words.length
      const [first = '', ...more] = wrap(words, columns - indent - hang)
      write([' '.repeat(indent) + first, ...more.map((line) => ' '.repeat(indent + hang) + line)].join('\n'))
    },
    fact: (name, value) => write(`  ${name.padEnd(15)}${value}`),
    at: (time, kind, text) =>
      write(
        `  ${new Date(time).toISOString().slice(11, 19)}  ${paint(kindStyle[kind] ?? 'white', kind.padEnd(9))} ${oneLine(text, columns - 24)}`,
      ),
    block: (text) => write(text),
  }
}
