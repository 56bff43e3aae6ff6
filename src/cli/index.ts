import type { Command } from 'commander'

type Register = (program: Command) => void

/** The commands under the headings that `gitsoc --help` shows. */
export const commandGroups: readonly (readonly [heading: string, commands: readonly Register[]])[] = []
