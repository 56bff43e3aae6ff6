import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { type Document, didYouMean, isObject, type Json, type Problem, problem, type Result } from '../model/index.ts'
import { createAjv } from './ajv.ts'

/**
 * Compiles a JSON Schema (draft 2020-12) of ours, when it is first used, into a check of documents. That the schema itself is a sound
 * one is left to the tests: each check would compile the schema of schemas for it. Every command compiles all of them, so they are not
 * optimised either: both together took a third of the time in which content loads.
 */
export function compileSchema(schema: object): (document: Document) => Result<Document> {
  let validate: ValidateFunction | undefined
  return (document) => {
    validate ??= createAjv(asWritten).compile(schema)
    if (validate(document.value)) return { ok: true, value: document }
    return { ok: false, problems: describe(validate.errors ?? [], document) }
  }
}

const asWritten = {
  allErrors: true,
  verbose: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  allowUnionTypes: true,
  validateSchema: false,
  code: { optimize: false },
} as const

const structural = new Set(['if', 'then', 'else', '$ref', 'oneOf', 'anyOf', 'allOf', 'not'])

function describe(errors: readonly ErrorObject[], document: Document): Problem[] {
  const specific = errors.filter((error) => !structural.has(error.keyword))
  const seen = new Set<string>()
  const problems: Problem[] = []
  for (const error of specific.length > 0 ? specific : errors) {
    const described = describeOne(error, document)
    const key = `${described.place?.line}:${described.place?.column}:${described.message}`
    if (seen.has(key)) continue
    seen.add(key)
    problems.push(described)
  }
  return problems
}

function describeOne(error: ErrorObject, document: Document): Problem {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'))
  const name =
    path.at(-1) === undefined ? 'the file' : `"${path.filter((part) => !/^\d+$/.test(part)).at(-1) ?? path.at(-1)}"`
  const place = document.place(path)
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const key = String(params.additionalProperty ?? params.unevaluatedProperty)
      const known = Object.keys(isObject(error.parentSchema?.properties) ? error.parentSchema.properties : {})
      return problem(
        'content/unknown-key',
        `unknown key "${key}" in ${name}`,
        document.place([...path, key], 'key'),
        didYouMean(key, known) ?? listed('known keys', known),
      )
    }
    case 'required':
      return problem('content/missing-key', `${name} lacks "${String(params.missingProperty)}"`, place)
    case 'enum': {
      const allowed = (params.allowedValues as Json[]).map(String)
      return problem(
        'content/value',
        `${name} is ${show(error.data)}, not one of ${allowed.join(', ')}`,
        place,
        typeof error.data === 'string' ? didYouMean(error.data, allowed) : undefined,
      )
    }
    case 'const':
      return problem('content/value', `${name} must be ${show(params.allowedValue)}`, place)
    case 'type':
      return problem(
        'content/type',
        `${name} must be ${[params.type].flat().join(' or ')}, this is ${kindOf(error.data)}`,
        place,
      )
    case 'pattern':
      return problem(
        'content/value',
        `${name} is ${show(error.data)}, which does not have the form ${String(params.pattern)}`,
        place,
      )
    case 'format':
      return problem('content/value', `${name} is ${show(error.data)}, which is no ${String(params.format)}`, place)
    default:
      return problem('content/value', `${name} ${error.message ?? 'is not valid'}`, place)
  }
}

const show = (value: unknown) => JSON.stringify(value)?.slice(0, 80) ?? 'nothing'
const kindOf = (value: unknown) =>
  value === null
    ? 'null'
    : Array.isArray(value)
      ? 'a list'
      : typeof value === 'object'
        ? 'a mapping'
        : `the ${typeof value} ${show(value)}`
const listed = (label: string, words: readonly string[]) =>
  words.length > 0 ? `${label}: ${words.join(', ')}` : undefined
