import { compileRegex } from '../../src/core/detect/sigma/regex.ts'

/**
 * What expressions cost on long text, on the engine that rules run on and on JavaScript's: `node test/bench/regex.ts`.
 * JavaScript's is given up after ten thousand characters, for it takes the power of the length.
 */
const sources = [
  'a.*b.*c',
  '(a+)+$',
  'a+c',
  '(?:.*\\)){1,}.*"',
  '[ab]{500}[cd]',
  '(?i)set.*&&\\s?set.*(?:environment|invoke).*&&.*"',
]
const lengths = [1000, 10_000, 100_000, 1_000_000]

function millisecondsOf(test: (text: string) => boolean, text: string): number {
  const begun = performance.now()
  test(text)
  return performance.now() - begun
}

for (const source of sources) {
  const compiled = compileRegex(source, { i: false, m: false, s: false })
  if (typeof compiled !== 'function') throw new Error(compiled.message)
  const other = new RegExp(source.replace('(?i)', ''), source.startsWith('(?i)') ? 'i' : '')
  for (const length of lengths) {
    const text = `${'set ab && '.repeat(length / 10)}c`
    const ours = Math.min(...Array.from({ length: 3 }, () => millisecondsOf(compiled, text)))
    const theirs =
      length > 10_000 || /\)\+|\{1,\}/.test(source) ? '-' : millisecondsOf((one) => other.test(one), text).toFixed(1)
    process.stdout.write(
      `${source.padEnd(56)} ${String(length).padStart(8)}  ${ours.toFixed(2).padStart(8)} ms  ${theirs} ms\n`,
    )
  }
}
