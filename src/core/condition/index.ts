export { type Comparison, type Condition, type ConditionDecision, compileCondition } from './condition.ts'
