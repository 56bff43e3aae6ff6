import { relative } from 'node:path'
import { createInterface } from 'node:readline/promises'
import type { Command } from 'commander'
import { oneLine } from '../core/model/index.ts'
import { createNarrator, type DemoParts, playDemo } from '../demo/index.ts'
import { loadBundle, root } from './load-bundle.ts'
import { createProgress } from './progress.ts'

const scenario = `${root}/test/scenarios/credential-phishing`

/** `gitsoc demo`: the recorded attack, from the first event to the report. */
export function register(program: Command): void {
  program
    .command('demo')
    .description('play a recorded attack through everything and tell it; writes under var/demo/')
    .option('--yes', 'approve what is asked, as the actor "demo", instead of asking')
    .option('--json', 'tell the story on standard error and end with one line of JSON: counts, incidents, runs, report')
    .action(async (options: { yes?: boolean; json?: boolean }) => {
      const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true && !options.yes && !options.json
      const out = options.json ? process.stderr : process.stdout
      const bundle = await loadBundle()
      const progress = createProgress('  playing')
      const played = await playDemo({
        bundle,
        dir: relative(process.cwd(), `${root}/var/demo`) || '.',
        recording: `${scenario}/recording.ndjson.gz`,
        enrichDir: `${scenario}/enrich`,
        narrator: createNarrator(out),
        progress: (done, total) => (total === 0 ? progress.end() : progress.update(done, total)),
        decide: interactive
          ? askPerson
          : async () => ({
              answer: 'approve',
              actor: 'demo',
              reason: options.yes ? 'approved by --yes' : 'approved without a terminal',
            }),
      })
      if (options.json) process.stdout.write(`${JSON.stringify(played)}\n`)
    })
}

const askPerson: DemoParts['decide'] = async (approval) => {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    process.stdout.write(
      `    inputs ${oneLine(JSON.stringify(approval.inputs), 200)}\n    bound to ${approval.digest.slice(0, 16)}, answer within ${Math.round((approval.expiresAt - approval.askedAt) / 60_000)} minutes\n`,
    )
    const answer = (await terminal.question('    Do it? [y/N] ')).trim().toLowerCase()
    return answer === 'y' || answer === 'yes'
      ? { answer: 'approve', actor: 'analyst at the terminal', reason: '' }
      : { answer: 'deny', actor: 'analyst at the terminal', reason: 'denied at the terminal' }
  } finally {
    terminal.close()
  }
}
