import { join } from 'node:path'
import type { Command } from 'commander'
import { tenantId } from '../core/model/index.ts'
import { type OpenStore, openStore } from '../store/index.ts'
import { Failure } from './failure.ts'

export interface StoreOptions {
  readonly store?: string
  readonly tenant?: string
}

/** Adds `--store` and `--tenant` to a command. */
export function withStoreOptions(command: Command): Command {
  return command
    .option('--store <dir>', 'directory of the embedded database (default: var/store; DATABASE_URL goes before it)')
    .option('--tenant <name>', 'tenant (default: GITSOC_TENANT or "main")')
}

/** Opens the store that the options and environment name. */
export async function openStoreFor(options: StoreOptions): Promise<OpenStore> {
  const tenant = tenantId(options.tenant ?? process.env.GITSOC_TENANT ?? 'main')
  const databaseUrl = process.env.DATABASE_URL
  try {
    if (options.store === undefined && databaseUrl) return await openStore({ databaseUrl }, tenant)
    return await openStore({ dir: options.store ?? join('var', 'store') }, tenant)
  } catch (error) {
    throw new Failure(`the store cannot be opened: ${(error as Error).message}`, {
      hint: 'check --store or DATABASE_URL and the permissions of the directory',
      exitCode: 3,
    })
  }
}
