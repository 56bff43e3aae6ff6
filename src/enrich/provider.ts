import type { Enrichment, Observable } from '../core/model/index.ts'

/** One offline source of context. Null = it knows nothing of the value. `at` is the time that expiries are compared with. */
export interface Provider {
  readonly name: string
  lookup(observable: Observable, at: number): Enrichment | null
}

/** A file that could not be used, or only in part. */
export interface FileProblem {
  readonly file: string
  readonly message: string
}
