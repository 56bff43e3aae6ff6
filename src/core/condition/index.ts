export { type Condition, type ConditionDecision, compileCondition } from './condition.ts'
