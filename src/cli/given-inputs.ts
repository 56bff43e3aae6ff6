import { isObject, type JsonObject } from '../core/model/index.ts'
import { Failure } from './failure.ts'

/** Inputs as `name=value`: what is declared as text stays text, else a value that reads as JSON is that. */
export function givenInputs(given: readonly string[], schema: JsonObject): JsonObject {
  const declared = isObject(schema.properties) ? schema.properties : {}
  return Object.fromEntries(
    given.map((one) => {
      const at = one.indexOf('=')
      if (at < 1) throw new Failure(`"${one}" is not of the form name=value`, { exitCode: 2 })
      const [name, text] = [one.slice(0, at), one.slice(at + 1)]
      const wanted = Object.hasOwn(declared, name) ? declared[name] : undefined
      if (isObject(wanted) && wanted.type === 'string') return [name, text]
      try {
        return [name, JSON.parse(text)]
      } catch {
        return [name, text]
      }
    }),
  )
}
