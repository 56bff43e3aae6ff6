export { type Content, readCommit, readWorkingTree } from './read-content.ts'
export { listRuleFiles, readRuleFile } from './read-rules.ts'
