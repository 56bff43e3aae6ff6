import type { Command } from 'commander'
import { compileBundle, expiredContent, formatProblems } from '../core/content/index.ts'
import { readCommit, readWorkingTree } from '../repo/index.ts'
import { Failure } from './failure.ts'
import { root } from './load-bundle.ts'

/** `gitsoc validate`: every problem of the content at once. */
export function register(program: Command): void {
  program
    .command('validate')
    .description('check all rules, playbooks and integrations: schema, references, meaning')
    .option('--format <format>', 'text, json, or github (annotations of a workflow)', 'text')
    .option('--json', 'the same as --format json')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText('after', '\nExamples:\n  gitsoc validate\n  gitsoc validate --commit HEAD~1 --json')
    .action(async (options: { format: string; json?: boolean; commit?: string; content?: string }) => {
      const format = options.json ? 'json' : options.format
      if (format !== 'text' && format !== 'json' && format !== 'github')
        throw new Failure(`--format is text, json or github, not "${format}"`, { exitCode: 2 })
      const dir = options.content ?? root
      const content = await (options.commit === undefined
        ? readWorkingTree(dir)
        : readCommit(dir, options.commit)
      ).catch((error: Error) => {
        throw new Failure(error.message, { exitCode: 3 })
      })
      const { bundle, problems: found, counts } = compileBundle(content.files, content.commit)
      const problems = bundle === null ? found : [...found, ...expiredContent(bundle, Date.now())]
      if (format === 'json')
        process.stdout.write(
          `${JSON.stringify({ ok: bundle !== null, commit: content.commit, digest: bundle?.digest ?? null, counts, problems })}\n`,
        )
      else {
        if (problems.length > 0)
          process.stdout.write(`${formatProblems(problems, content.files, format)}\n${format === 'text' ? '\n' : ''}`)
        if (format === 'text') {
          const list = Object.entries(counts)
            .filter(([, count]) => count > 0)
            .map(([kind, count]) => `${count} ${kind}`)
            .join(', ')
          process.stdout.write(
            bundle === null
              ? `${problems.length} problem${problems.length === 1 ? '' : 's'} in ${content.files.length} files: nothing loads until they are mended\n`
              : `${content.files.length} files are sound: ${list}\nbundle ${bundle.digest.slice(0, 16)} of ${content.commit}\n`,
          )
        }
      }
      if (bundle === null) process.exitCode = 1
    })
}
