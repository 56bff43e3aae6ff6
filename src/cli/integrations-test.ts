import type { Command } from 'commander'
import { formatPlace } from '../core/model/index.ts'
import { type ContractResult, runContracts } from '../core/normalize/index.ts'
import { chosenIntegrations, integrationsGroup } from './integrations.ts'
import { loadBundle, root } from './load-bundle.ts'

/** `gitsoc integrations test`: the payloads of the manifests' `tests:` against what they must come to. */
export function register(program: Command): void {
  integrationsGroup(program)
    .command('test [integration...]')
    .description('run the payloads of the manifests through decoding, splitting and normalising, and show differences')
    .option('--json', 'one JSON document instead of text, with the OCSF form of every event')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nEach payload is read twice: as a delivery of its integration, and as one that all manifests compete for.' +
        '\nEnds with 1 when anything differs, or when an integration that takes something in has no test.' +
        '\n\nExamples:\n  gitsoc integrations test\n  gitsoc integrations test okta github --json',
    )
    .action(async (wanted: string[], options: { json?: boolean; commit?: string; content?: string }) => {
      const bundle = await loadBundle({ content: root, ...options })
      const chosen = chosenIntegrations(bundle, wanted)
      const results = runContracts(chosen, bundle.integrations)
      const untested = chosen.filter((one) => one.inbound.length > 0 && one.tests.length === 0)
      const failed = results.filter((one) => one.differences.length > 0).length
      const ok = failed === 0 && untested.length === 0
      if (options.json) {
        const report = { ok, tests: results.length, failed, untested: untested.map((one) => one.id), results }
        process.stdout.write(`${JSON.stringify(report)}\n`)
      } else {
        for (const one of untested) {
          const where = one.ref.place === undefined ? '' : `${formatPlace(one.ref.place)} `
          process.stdout.write(`${where}"${one.id}" takes something in and has no test (write one under tests:)\n`)
        }
        process.stdout.write(results.flatMap(linesOf).join(''))
        process.stdout.write(
          ok
            ? `${chosen.length} integrations keep the ${results.length} tests of their contracts\n`
            : `${failed} of ${results.length} tests failed${untested.length > 0 ? `, ${untested.length} integrations have none` : ''}\n`,
        )
      }
      if (!ok) process.exitCode = 1
    })
}

function linesOf({ integration, name, differences }: ContractResult): readonly string[] {
  return differences.map(
    ({ path, expected, actual, place }) =>
      `${formatPlace(place)} ${integration}, "${name}": ${path}\n  expected ${short(expected)}\n  is       ${short(actual)}\n`,
  )
}

const short = (value: unknown) => {
  const text = JSON.stringify(value)
  return text.length > 300 ? `${text.slice(0, 299)}…` : text
}
