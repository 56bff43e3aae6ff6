export { type Enricher, openEnricher } from './enricher.ts'
export type { FileProblem, Known, Provider } from './provider.ts'
