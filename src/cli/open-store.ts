import { join } from 'node:path'
import type { Command } from 'commander'
import { type TenantId, tenantId } from '../core/model/index.ts'
import {
  type OpenStore,
  openExistingStore,
  openStore,
  type StoreLocation,
  StoreMissing,
  storeExists,
} from '../store/index.ts'
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

/** Opens the store that the options and environment name, for commands that put something into one: where there is none it is made. */
export function openStoreFor(options: StoreOptions): Promise<OpenStore> {
  return openWith(openStore, options)
}

/** Opens the store that the options and environment name; where there is none, nothing is made and the command ends with 3. */
export function openExistingStoreFor(options: StoreOptions): Promise<OpenStore> {
  return openWith(openExistingStore, options)
}

/** Whether there is a store where the options and environment name one; false too when that cannot be seen. */
export function isStoreThere(options: StoreOptions): Promise<boolean> {
  return storeExists(locationOf(options)).catch(() => false)
}

function locationOf(options: StoreOptions): StoreLocation {
  const databaseUrl = process.env.DATABASE_URL
  return options.store === undefined && databaseUrl ? { databaseUrl } : { dir: options.store ?? join('var', 'store') }
}

async function openWith(
  open: (location: StoreLocation, tenant: TenantId) => Promise<OpenStore>,
  options: StoreOptions,
): Promise<OpenStore> {
  const tenant = tenantOf(options)
  try {
    return await open(locationOf(options), tenant)
  } catch (error) {
    const { message } = error as Error
    if (error instanceof StoreMissing)
      throw new Failure(message, {
        hint: 'npm start and gitsoc run --store make one; name another with --store, --tenant or DATABASE_URL',
        exitCode: 3,
      })
    throw new Failure(`the store cannot be opened: ${message}`, {
      hint: 'check --store or DATABASE_URL and the permissions of the directory',
      exitCode: 3,
    })
  }
}

function tenantOf(options: StoreOptions): TenantId {
  try {
    return tenantId(options.tenant ?? process.env.GITSOC_TENANT ?? 'main')
  } catch (error) {
    throw new Failure((error as Error).message, { hint: 'see --tenant and GITSOC_TENANT', exitCode: 2 })
  }
}
