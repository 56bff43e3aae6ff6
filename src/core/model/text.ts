// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g

/** Text from outside as one bounded line: control, line-breaking and direction-changing characters become a space. */
export function oneLine(text: string, limit = 300): string {
  const line = text.replace(controls, ' ').trim()
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line
}
