export { type Late, readLate, readLosses } from './losses.ts'
export { type BatchReport, createPipeline, type Pipeline, type PipelineParts } from './pipeline.ts'
export { loadRarity, loadState } from './state.ts'
