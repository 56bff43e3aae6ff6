/** A pattern of paths: `*` is any text without `/`, `**` any text. */
export function pathPattern(pattern: string): (path: string) => boolean {
  const source = pattern
    .split(/(\*+)/)
    .map((part) => (part === '*' ? '[^/]*' : part.startsWith('**') ? '.*' : part.replace(/[\\^$.+?()[\]{}|]/g, '\\$&')))
    .join('')
  const expression = new RegExp(`^${source}$`, 's')
  return (path) => expression.test(path)
}
