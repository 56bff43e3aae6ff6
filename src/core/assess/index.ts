export { assess, compileScoring, type ScoringRule } from './assess.ts'
