import type { Annotation } from './check-run.ts'

/** GitHub's names of the levels in workflow commands. */
const commands = { failure: 'error', warning: 'warning', notice: 'notice' } as const

/**
 * Annotations as workflow commands, one a line (GitHub, "Workflow commands for GitHub Actions"). Nothing in them can begin
 * another command: line breaks and what separates parts are encoded.
 */
export function annotationCommands(annotations: readonly Annotation[]): readonly string[] {
  return annotations.map(({ path, startLine, endLine, level, title, message }) => {
    const properties = `file=${property(path)},line=${startLine},endLine=${endLine},title=${property(title)}`
    return `::${commands[level]} ${properties}::${data(message)}`
  })
}

const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
