import type { OpenStore } from '../store/index.ts'
import { openExistingStoreFor, type StoreOptions } from './open-store.ts'

/** Opens the store of the options, which must be there, for one piece of work and closes it whatever happens. */
export async function withStore<T>(options: StoreOptions, work: (store: OpenStore) => Promise<T>): Promise<T> {
  const store = await openExistingStoreFor(options)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
