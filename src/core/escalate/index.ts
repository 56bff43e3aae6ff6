export { type Choice, chooseFirst, compileNotifyRule, type NotifyRule } from './notify.ts'
export { checkPeople, type Person, type Who, whoIsTold } from './people.ts'
export {
  advance,
  type Climb,
  type Climbing,
  compileEscalationPolicy,
  dueAt,
  type EscalationPolicy,
  type Level,
  type Tell,
  type Told,
} from './policy.ts'
