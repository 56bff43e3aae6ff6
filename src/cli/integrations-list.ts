import type { Command } from 'commander'
import type { Integration } from '../core/normalize/index.ts'
import { chosenIntegrations, integrationsGroup } from './integrations.ts'
import { loadBundle, root } from './load-bundle.ts'

/** `gitsoc integrations list`: what can be taken in and done, and how deliveries prove their origin. */
export function register(program: Command): void {
  integrationsGroup(program)
    .command('list [integration...]')
    .description('show what each integration takes in, how deliveries prove their origin, and what it can do')
    .option('--json', 'one JSON document instead of text')
    .option('--commit <revision>', 'read a commit from Git instead of the working tree')
    .option('--content <dir>', 'another repository than this one')
    .addHelpText('after', '\nExamples:\n  gitsoc integrations list\n  gitsoc integrations list okta --json')
    .action(async (wanted: string[], options: { json?: boolean; commit?: string; content?: string }) => {
      const bundle = await loadBundle({ content: root, ...options })
      const rows = chosenIntegrations(bundle, wanted).map(rowOf)
      process.stdout.write(options.json ? `${JSON.stringify({ integrations: rows })}\n` : rows.map(text).join(''))
    })
}

function rowOf({ id, title, ref, webhook, inbound, actions, tests }: Integration) {
  return {
    id,
    title,
    path: ref.place?.file ?? null,
    webhook: webhook === null ? null : { path: `/in/${webhook.path}`, proof: String(webhook.verify.scheme) },
    inbound: inbound.map((one) => ({
      id: one.id,
      title: one.ref.title,
      gives: one.alert === null ? 'events' : 'alerts',
    })),
    actions: actions.map((one) => ({ id: one.id, effect: String(one.effect) })),
    tests: tests.length,
  }
}

function text(row: ReturnType<typeof rowOf>): string {
  const lines = [
    `${row.id}  ${row.title}`,
    ...(row.webhook === null ? [] : [`  webhook  ${row.webhook.path}, proof: ${row.webhook.proof}`]),
    ...row.inbound.map((one) => `  takes    ${one.id} (${one.gives}): ${one.title}`),
    ...row.actions.map((one) => `  can      ${one.id} (${one.effect})`),
  ]
  return `${lines.join('\n')}\n`
}
