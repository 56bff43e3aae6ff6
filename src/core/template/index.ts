export { escapeMarkdown, escapeSlack } from './filters.ts'
export { type TypeScope, typeAlong } from './infer.ts'
export {
  anything,
  constantOf,
  either,
  type Kind,
  listOf,
  memberOf,
  misfit,
  missing,
  objectOf,
  type Type,
  text,
  typeOf,
  typeOfSchema,
  without,
} from './type.ts'
export { compileValue, type Value } from './value.ts'
