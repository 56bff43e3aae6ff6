import { stringify } from 'yaml'
import packRuleSchema from '../../../rules/detection/packs/pack-rule.schema.json' with { type: 'json' }
import { type CorrelationRule, type RuleHead, ruleKindOf, type SigmaRule } from '../detect/index.ts'
import { canonicalJson, type Document, own, type Problem, problem, sha256 } from '../model/index.ts'
import { parseDocuments } from './document.ts'
import { compileSchema } from './schema.ts'
import type { SourceFile } from './source.ts'

/** Where packs of rules from elsewhere live. */
export const packsFolder = 'rules/detection/packs'

const packRule = /^rules\/detection\/packs\/[^/]+\/(?!pack\.yaml$).+\.ya?ml$/
const checkRule = compileSchema(packRuleSchema)

/** Whether a path is that of a rule file of a pack. */
export const isPackRule = (path: string): boolean => packRule.test(path)

/** The rules of a pack's file by kind, and what is wrong with others in it. */
export interface PackRules {
  readonly rules: readonly { readonly kind: 'detection' | 'correlation'; readonly document: Document }[]
  readonly problems: readonly Problem[]
}

/** Reads a rule file of a pack: Sigma's own form, one rule or several, with whatever else its publisher says. */
export function parsePackRules({ path, text }: SourceFile): PackRules {
  const problems: Problem[] = []
  const rules = parseDocuments(path, text).flatMap((parsed) => {
    const kind = parsed.ok ? ruleKindOf(parsed.value) : null
    if (parsed.ok && kind === null) {
      problems.push(problem('pack/no-rule', 'this is no Sigma rule', parsed.value.place([])))
      return []
    }
    if (parsed.ok && kind !== 'detection' && kind !== 'correlation') {
      problems.push(
        problem(
          'pack/kind',
          `${kind} of a pack would change rules that are not its own`,
          parsed.value.place([]),
          'look at it and put it into rules/ by hand, if you want it',
        ),
      )
      return []
    }
    const checked = parsed.ok ? checkRule(parsed.value) : parsed
    if (!checked.ok) problems.push(...checked.problems)
    return checked.ok ? [{ kind: kind as 'detection' | 'correlation', document: checked.value }] : []
  })
  return { rules, problems }
}

/** The digest that a pack states of its files: paths relative to the pack, its rules alone. */
export function packDigest(files: readonly SourceFile[]): string {
  const isRule = ({ path }: SourceFile) => isPackRule(`${packsFolder}/any/${path}`)
  const sorted = files.filter(isRule).sort((a, b) => (a.path < b.path ? -1 : 1))
  return sha256(canonicalJson(sorted.map((one) => [one.path, sha256(one.text)])))
}

/** Packs whose rules are not those that they were added with, and rules that belong to no pack. */
export function checkPacks(packs: readonly Document[], files: readonly SourceFile[]): readonly Problem[] {
  const byPack = new Map<string, SourceFile[]>()
  for (const { path, text } of files) {
    const [, name = '', rest = ''] = /^rules\/detection\/packs\/([^/]+)\/(.+)$/s.exec(path) ?? []
    if (name === '') continue
    const list = byPack.get(name) ?? []
    byPack.set(name, list)
    list.push({ path: rest, text })
  }
  const problems = packs.flatMap((pack) => {
    const [, name = ''] = /^rules\/detection\/packs\/([^/]+)\//.exec(pack.file) ?? []
    const found = byPack.get(name) ?? []
    byPack.delete(name)
    if (own(pack.value, 'id') !== name)
      return [problem('pack/id', `the id is "${String(pack.value.id)}" in the folder "${name}"`, pack.place(['id']))]
    if (packDigest(found) === pack.value.digest) return []
    return [
      problem(
        'pack/changed',
        `rules of the pack "${name}" are not as they were added`,
        pack.place(['digest']),
        'add the pack anew; what is to be different here goes into rules/overlays',
      ),
    ]
  })
  const strays = [...byPack].map(([name, [first]]) =>
    problem(
      'pack/no-pack',
      `the folder "${name}" has no pack.yaml`,
      { file: `${packsFolder}/${name}/${first?.path ?? ''}`, line: 1, column: 1 },
      'packs are added with: gitsoc rules add',
    ),
  )
  return [...problems, ...strays]
}

/** The pack that a rule is of; null for a rule of ours. */
function packOf({ ref }: RuleHead): string | null {
  return /^rules\/detection\/packs\/([^/]+)\//.exec(ref.place?.file ?? '')?.[1] ?? null
}

/**
 * Rules of packs that reach beyond their pack. A correlation keeps the rules that it counts from raising alerts of their
 * own, and a name that is taken would turn our correlations to another rule: neither is a publisher's to decide.
 */
export function checkPackBounds(
  detections: readonly SigmaRule[],
  correlations: readonly CorrelationRule[],
): readonly Problem[] {
  const byId = new Map(detections.map((rule) => [rule.id, rule]))
  const foreign = correlations.flatMap((rule) => {
    const pack = packOf(rule)
    const outside = rule.rules.map((id) => byId.get(id)).find((one) => one !== undefined && packOf(one) !== pack)
    if (pack === null || outside === undefined) return []
    const message = `a correlation of the pack "${pack}" counts "${outside.title}", which is not of the pack`
    return [problem('pack/foreign-rule', message, rule.ref.place)]
  })
  const all: readonly RuleHead[] = [...detections, ...correlations]
  const owners = new Map<string, Set<string | null>>()
  for (const rule of all)
    for (const key of new Set([rule.id, rule.name ?? rule.id])) {
      const found = owners.get(key) ?? new Set()
      owners.set(key, found.add(packOf(rule)))
    }
  const taken = all.flatMap((rule) => {
    const { name } = rule
    if (packOf(rule) === null || name === null || (owners.get(name)?.size ?? 0) < 2) return []
    return [problem('pack/name-taken', `the name "${name}" is that of a rule outside the pack`, rule.ref.place)]
  })
  return [...foreign, ...taken]
}

const licences: readonly (readonly [id: string, marks: RegExp])[] = [
  ['DRL-1.1', /Detection Rule License[\s\S]{0,40}1\.1/],
  ['Apache-2.0', /Apache License\s+Version 2\.0/],
  ['MIT', /Permission is hereby granted, free of charge, to any person obtaining a copy/],
  ['CC0-1.0', /CC0 1\.0 Universal/],
  ['GPL-3.0', /GNU GENERAL PUBLIC LICENSE\s+Version 3/],
]

/** The id of a licence text that is well known, null for another. */
export function licenceIdOf(text: string): string | null {
  return licences.find(([, marks]) => marks.test(text))?.[0] ?? null
}

/** What is written down about a pack when it is added; the same pack of the same source is written the same. */
export interface PackRecord {
  readonly id: string
  readonly source: string
  readonly ref: string | null
  readonly commit: string | null
  readonly date: string | null
  readonly licence: { readonly file: string; readonly text: string }
  /** What was chosen by, as it was asked for. */
  readonly select: Readonly<Record<string, readonly string[]>>
  readonly files: readonly SourceFile[]
  readonly ruleCount: number
  readonly leftOut: readonly { readonly path: string; readonly message: string }[]
}

/** The text of `pack.yaml`. */
export function renderPack(pack: PackRecord): string {
  const licence = { file: pack.licence.file, id: licenceIdOf(pack.licence.text) }
  const told = {
    ...{ id: pack.id, source: pack.source, ref: pack.ref, commit: pack.commit, date: pack.date, licence },
    ...{ select: Object.keys(pack.select).length === 0 ? null : pack.select, rules: pack.ruleCount },
    ...{ digest: packDigest(pack.files), leftOut: pack.leftOut.length === 0 ? null : pack.leftOut },
  }
  const head =
    '# yaml-language-server: $schema=../pack.schema.json\n# Written by gitsoc rules add, which writes it anew.\n'
  const known = JSON.parse(JSON.stringify(told, (_key, value) => value ?? undefined)) as unknown
  return head + stringify(known, { lineWidth: 0 })
}
