import type { Command } from 'commander'
import type { Bundle } from '../core/content/index.ts'
import type { Integration } from '../core/normalize/index.ts'
import { Failure } from './failure.ts'

/** The command group `gitsoc integrations`, made by whichever of its commands is registered first. */
export function integrationsGroup(program: Command): Command {
  return (
    program.commands.find((one) => one.name() === 'integrations') ??
    program.command('integrations').description('list and test integrations')
  )
}

/** The integrations of these ids, all when none is named; an unknown id is wrong usage. */
export function chosenIntegrations(bundle: Bundle, wanted: readonly string[]): readonly Integration[] {
  const unknown = wanted.find((id) => !bundle.integrations.some((one) => one.id === id))
  if (unknown !== undefined)
    throw new Failure(`there is no integration "${unknown}"`, {
      hint: 'gitsoc integrations list shows them',
      exitCode: 2,
    })
  return bundle.integrations.filter((one) => wanted.length === 0 || wanted.includes(one.id))
}
