import { RE2JS, RE2JSException } from 're2js'

/** The flags of an expression: `i` without case, `m` anchors match at lines, `s` the dot matches line ends. */
export interface RegexFlags {
  readonly i: boolean
  readonly m: boolean
  readonly s: boolean
}

/**
 * The linear-time engine, and the only file that knows it: re2js, RE2 (https://github.com/google/re2/wiki/Syntax) in
 * JavaScript. Its time is proportional to the text whatever the expression; in turn it has no look-around and no
 * back-references. Gives the test of whole texts, or why the expression cannot be read.
 */
export function compileLinear(source: string, { i, m, s }: RegexFlags): ((text: string) => boolean) | string {
  try {
    const flags = (i ? RE2JS.CASE_INSENSITIVE : 0) | (m ? RE2JS.MULTILINE : 0) | (s ? RE2JS.DOTALL : 0)
    const compiled = RE2JS.compile(source, flags)
    return (text) => compiled.test(text)
  } catch (error) {
    if (error instanceof RE2JSException) return error.message.replace(/^error parsing regexp: /, '')
    throw error
  }
}
