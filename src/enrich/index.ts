export { type Enricher, openEnricher } from './enricher.ts'
export { type FileProblem, fileProblemText, type Known, type Provider } from './provider.ts'
