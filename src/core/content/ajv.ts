import Ajv2020, { type Options } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'

// Both are CommonJS: what their types call the default export is a member of it at run time.
const AjvClass =
  (Ajv2020 as unknown as { default?: typeof Ajv2020.default }).default ?? (Ajv2020 as unknown as typeof Ajv2020.default)
const formats =
  (addFormats as unknown as { default?: typeof addFormats.default }).default ??
  (addFormats as unknown as typeof addFormats.default)

/** A compiler of JSON Schemas (draft 2020-12) that knows the formats. */
export function createAjv(options: Options): InstanceType<typeof AjvClass> {
  const ajv = new AjvClass(options)
  formats(ajv)
  return ajv
}
