import type { Store, Tx } from '../../store/index.ts'

/** The store as somebody sees it who works inside a transaction: what they do happens together with the rest of it, or not at all. */
export const within = (store: Store, tx: Tx): Store => ({
  ...store,
  transaction: (work) => work(tx),
  snapshot: (work) => work(tx),
})
