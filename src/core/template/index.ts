export { escapeMarkdown, escapeSlack } from './filters.ts'
export { compileValue, type Value } from './value.ts'
