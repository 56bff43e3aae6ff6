export { type Content, readCommit, readWorkingTree } from './read-content.ts'
