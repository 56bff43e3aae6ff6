import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { parseDocument } from '../core/content/index.ts'
import { exportCacao } from '../core/playbook/index.ts'
import { chosenPlaybooks } from './chosen-playbooks.ts'
import { Failure } from './failure.ts'
import { loadBundle } from './load-bundle.ts'
import { playbookGroup } from './playbook-group.ts'
import { writeOut } from './write-out.ts'

/** `gitsoc playbook export`: writes one of our playbooks as a CACAO 2.0 document. */
export function register(program: Command): void {
  playbookGroup(program)
    .command('export <playbook>')
    .description('write a playbook as a CACAO 2.0 document, which `playbook import` reads back to the same playbook')
    .option('--out <file>', 'write it there instead of to standard output')
    .option('--at <time>', 'time of this version, ISO 8601 UTC; now without it')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText('after', '\nExample:\n  gitsoc playbook export phishing-triage --out phishing-triage.cacao.json')
    .action(async (name: string, options: { out?: string; at?: string; content?: string }) => {
      const at = options.at === undefined ? new Date() : new Date(options.at)
      if (Number.isNaN(at.getTime()))
        throw new Failure(`"${options.at}" is no time`, { hint: 'like 2026-11-01T12:00:00Z', exitCode: 2 })
      const bundle = await loadBundle(options)
      const [playbook] = chosenPlaybooks(bundle, [name])
      const file = bundle.files.find((one) => one.path === playbook?.ref.place?.file)
      const document = file === undefined ? null : parseDocument(file.path, file.text)
      if (document?.ok !== true) throw new Failure(`the file of ${name} cannot be read`)
      const text = `${JSON.stringify(exportCacao(document.value.value, { at: at.toISOString() }), null, 2)}\n`
      if (options.out === undefined) await writeOut(text)
      else await writeFile(options.out, text)
    })
}
