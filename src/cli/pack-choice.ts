import { packsFolder, parsePackRules, type SourceFile } from '../core/content/index.ts'
import { isObject, type JsonObject, oneLine, own, pathPattern } from '../core/model/index.ts'
import { isRepositoryUrl } from '../repo/index.ts'
import { Failure } from './failure.ts'

/** Which rules of a source are asked for; all that is given must fit. */
export interface Choice {
  readonly select?: readonly string[]
  readonly product?: readonly string[]
  readonly category?: readonly string[]
  readonly service?: readonly string[]
  readonly level?: string
}

/** A pack and where it comes from. */
export interface Spec {
  readonly id: string
  /** Path or address, as it was given. */
  readonly source: string
  readonly ref: string | null
}

/** `name@path`, `name@url`, each with `@revision` behind it or not. */
export function specOf(text: string): Spec {
  const [, id = '', rest = ''] = /^([a-z0-9][a-z0-9-]{0,62})@(.+)$/s.exec(text) ?? []
  if (id === '' || oneLine(text, 1000) !== text)
    throw new Failure(`"${text}" names no pack`, {
      hint: 'write name@path or name@url, like sigmahq@../sigma',
      exitCode: 2,
    })
  const at = rest.lastIndexOf('@')
  const [before, after] = at > 0 ? [rest.slice(0, at), rest.slice(at + 1)] : [rest, '']
  const hasRef = /^[\w][\w./+-]*$/.test(after) && (isRepositoryUrl(before) || !/^[\w+.-]+:|^[\w.-]+$/.test(before))
  return hasRef ? { id, source: before, ref: after } : { id, source: rest, ref: null }
}

export const isYaml = (path: string) => /\.ya?ml$/i.test(path)
export const isLicence = (path: string) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(path)

/** Which files are looked at: those of the patterns, else the folders that begin with `rules`, else all. */
export function choiceOf({ select }: Choice, paths: readonly string[]): (path: string) => boolean {
  if (select !== undefined) {
    const patterns = select.map(pathPattern)
    return (path) => patterns.some((pattern) => pattern(path))
  }
  const ruleFolder = /^rules[^/]*\//
  return paths.some((path) => ruleFolder.test(path)) ? (path) => ruleFolder.test(path) : () => true
}

const levels = ['informational', 'low', 'medium', 'high', 'critical']

/** The files whose rules are asked for; YAML that is no rule is passed over. */
export function choose(id: string, files: readonly SourceFile[], options: Choice): readonly SourceFile[] {
  const { product, category, service, level } = options
  if (level !== undefined && !levels.includes(level))
    throw new Failure(`--level is one of ${levels.join(', ')}, not "${level}"`, { exitCode: 2 })
  const wanted = Object.entries({ product, category, service }).flatMap(([member, names]) =>
    names === undefined ? [] : [[member, new Set(names.map((one) => one.toLowerCase()))] as const],
  )
  const fits = (value: JsonObject): boolean => {
    const logsource = isObject(value.logsource) ? value.logsource : {}
    return (
      wanted.every(([member, names]) => names.has(String(own(logsource, member) ?? '').toLowerCase())) &&
      (level === undefined || levels.indexOf(String(value.level ?? 'medium')) >= levels.indexOf(level))
    )
  }
  return files.filter((file) => {
    const { rules, problems } = parsePackRules({ path: `${packsFolder}/${id}/${file.path}`, text: file.text })
    const isFiltered = wanted.length > 0 || level !== undefined
    if (rules.length === 0) return problems.some((one) => one.code !== 'pack/no-rule') && !isFiltered
    const detections = rules.filter(({ kind }) => kind === 'detection')
    return detections.every(({ document }) => fits(document.value)) && (detections.length > 0 || !isFiltered)
  })
}

/** The choice as pack.yaml keeps it. */
export function selectOf({
  select,
  product,
  category,
  service,
  level,
}: Choice): Readonly<Record<string, readonly string[]>> {
  const asked = { path: select, product, category, service, level: level === undefined ? undefined : [level] }
  return Object.fromEntries(
    Object.entries(asked).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
}
