import { openStoreFor, type StoreOptions } from './open-store.ts'

/** Opens the store of the options for one piece of work and closes it whatever happens. */
export async function withStore<T>(
  options: StoreOptions,
  work: (store: Awaited<ReturnType<typeof openStoreFor>>) => Promise<T>,
): Promise<T> {
  const store = await openStoreFor(options)
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
