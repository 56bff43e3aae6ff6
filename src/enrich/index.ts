export { type Enricher, openEnricher } from './enricher.ts'
export type { FileProblem } from './provider.ts'
