import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import type { TenantId } from '../core/model/index.ts'
import {
  type BackupReport,
  backup,
  checkBackup,
  connect,
  type OpenStore,
  restore,
  tenantsOf,
  verifyAudit,
} from '../store/index.ts'
import { Failure } from './failure.ts'
import { openExistingStoreFor, openStoreFor, type StoreOptions, withStoreOptions } from './open-store.ts'

interface Options extends StoreOptions {
  readonly json?: boolean
  readonly force?: boolean
}

/** `gitsoc backup` and `gitsoc restore`. */
export function register(program: Command): void {
  withStoreOptions(
    program
      .command('backup')
      .argument('<file>', 'where to write it')
      .description('write the whole store, of one moment, into one file'),
  )
    .option('--force', 'replace the file if it is there')
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  gitsoc backup /backups/gitsoc-2026-11-21.gz')
    .action(async (file: string, options: Options) => {
      if (existsSync(file) && !options.force)
        throw new Failure(`${file} is there already`, { hint: 'choose another name, or add --force', exitCode: 2 })
      const hint = 'it needs a role that sees all rows, and room for the file where it is written'
      await withUrl(openExistingStoreFor, options, hint, async (url) =>
        show(await backup(url, file), options, 'written'),
      )
    })
  withStoreOptions(
    program
      .command('restore')
      .argument('<file>', 'a file of gitsoc backup')
      .description('load a backup into a new store; the file is checked first'),
  )
    .option('--json', 'one JSON document')
    .addHelpText('after', '\nExample:\n  gitsoc restore /backups/gitsoc-2026-11-21.gz --store var/restored')
    .action(async (file: string, options: Options) => {
      if (!existsSync(file))
        throw new Failure(`there is no file ${file}`, { hint: 'name a file that gitsoc backup wrote', exitCode: 2 })
      const hint = `restore an untouched backup into a store of its own: gitsoc restore ${file} --store var/restored`
      // Before a store is made for it.
      const checked = await checkBackup(file).catch((error: Error) => {
        throw new Failure(error.message, { hint })
      })
      await withUrl(openStoreFor, options, hint, async (url) => {
        const report = await restore(url, file, checked)
        for (const tenant of await tenantsOf(url)) await verifyChain(url, tenant)
        show(report, options, 'restored')
      })
    })
}

async function verifyChain(url: string, tenant: TenantId): Promise<void> {
  const store = connect(url, tenant)
  try {
    const { broken } = await verifyAudit(store)
    if (broken !== null)
      throw new Failure(`restored, but the audit chain of ${tenant} is broken at entry ${broken.seq}: ${broken.why}`, {
        hint: 'the chain was broken before the backup was written; an older backup may be whole',
      })
  } finally {
    await store.close()
  }
}

async function withUrl(
  open: (options: StoreOptions) => Promise<OpenStore>,
  options: StoreOptions,
  hint: string,
  work: (url: string) => Promise<void>,
): Promise<void> {
  const store = await open(options)
  try {
    await work(store.url)
  } catch (error) {
    if (error instanceof Failure) throw error
    throw new Failure((error as Error).message, { hint })
  } finally {
    await store.close()
  }
}

function show(report: BackupReport, options: Options, word: string): void {
  const rows = Object.values(report.tables).reduce((sum, one) => sum + one, 0)
  process.stdout.write(
    options.json
      ? `${JSON.stringify(report)}\n`
      : `${word}: ${rows} rows of ${Object.keys(report.tables).length} tables, migration ${report.migration}\n`,
  )
}
