import { readFile, stat, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { stringify } from 'yaml'
import { compileBundle, formatProblems, parseDocument } from '../core/content/index.ts'
import type { Problem } from '../core/model/index.ts'
import { importCacao } from '../core/playbook/index.ts'
import { readWorkingTree } from '../repo/index.ts'
import { Failure } from './failure.ts'
import { root } from './load-bundle.ts'
import { playbookGroup } from './playbook-group.ts'

interface Options {
  readonly out?: string
  readonly owner: string
  readonly content?: string
  readonly json?: boolean
}

const maxBytes = 1_000_000

/** `gitsoc playbook import`: makes one of our playbooks of a CACAO 2.0 document. */
export function register(program: Command): void {
  playbookGroup(program)
    .command('import <file>')
    .description('make a playbook of a CACAO 2.0 document; refuses what cannot be done as it is meant, with the reason')
    .option('--out <file>', 'write the playbook there, e.g. playbooks/<id>.yaml; standard output without it')
    .option('--owner <team>', 'who owns the playbook here', 'incident-response')
    .option('--json', 'one JSON line instead of the playbook')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText(
      'after',
      '\nCommands of the document become work for people: nothing of it is ever executed. Ends with 1 when it is refused.\n\nExamples:\n  gitsoc playbook import shared.json --out playbooks/cacao-<uuid>.yaml\n  gitsoc playbook import shared.json --json',
    )
    .action(async (file: string, options: Options) => {
      const text = await textOf(file)
      const finish = (problems: readonly Problem[], made: { id: string; yaml: string } | null) => {
        if (problems.length > 0) process.stderr.write(`${formatProblems(problems, [{ path: file, text }], 'text')}\n`)
        if (options.json === true) process.stdout.write(`${lineOf(made?.id ?? null, problems, options.out)}\n`)
        else if (made !== null && options.out === undefined) process.stdout.write(made.yaml)
        else if (made !== null) process.stdout.write(`${options.out}: ${made.id}\n`)
        if (made === null)
          throw new Failure(`${file} is refused: ${problems.filter((one) => one.severity === 'error').length} problems`)
      }
      const document = parseDocument(file, text)
      const imported = document.ok ? importCacao(document.value, { owner: options.owner }) : document
      if (!imported.ok) return finish(imported.problems, null)
      const { playbook, warnings } = imported.value
      const id = String(playbook.id)
      const yaml = stringify(playbook)
      const { files, commit } = await readWorkingTree(options.content ?? root)
      const path = `playbooks/${id}.yaml`
      const others = files.filter((one) => one.path !== path)
      const problems = compileBundle([...others, { path, text: yaml }], commit).problems.filter(
        (one) => one.severity === 'error' && one.place?.file === path,
      )
      if (problems.length > 0) return finish([...warnings, ...problems.map(({ place: _place, ...one }) => one)], null)
      if (options.out !== undefined) await writeFile(options.out, yaml)
      finish(warnings, { id, yaml })
    })
}

async function textOf(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > maxBytes) throw new Failure(`${file} has more than ${maxBytes} bytes`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure(`${file} cannot be read: ${(error as Error).message}`, { exitCode: 2 })
  }
}

function lineOf(id: string | null, problems: readonly Problem[], out: string | undefined): string {
  return JSON.stringify({ ok: id !== null, id, out: out ?? null, problems })
}
