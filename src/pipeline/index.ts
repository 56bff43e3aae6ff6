export { type BatchReport, createPipeline, type Pipeline, type PipelineParts } from './pipeline.ts'
export { loadState } from './state.ts'
