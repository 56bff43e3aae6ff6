import {
  type Document,
  isObject,
  type Json,
  type LogSource,
  type Problem,
  problem,
  type Result,
  type RuleRef,
  type SeverityId,
  type SeverityName,
  severityId,
} from '../../model/index.ts'
import { currentTactic, currentTechnique } from '../attack-aliases.ts'
import { ConditionFault, parseCondition } from './condition.ts'
import { compileSearch, type Search } from './search.ts'

/** What every rule of detection says about itself. */
export interface RuleHead {
  readonly id: string
  /** Short name by which correlations may refer to it. */
  readonly name: string | null
  readonly title: string
  readonly description: string
  readonly ref: RuleRef
  readonly severity: SeverityId
  readonly techniques: readonly string[]
  readonly tactics: readonly string[]
  readonly falsePositives: readonly string[]
  /** Fields whose values make alerts of this rule "the same" in the aggregation window. */
  readonly aggregateBy: readonly string[] | null
}

/** A compiled detection rule. */
export interface SigmaRule extends RuleHead {
  readonly kind: 'detection'
  readonly logsource: LogSource
  readonly search: Search
}

const reserved = new Set(['condition', 'timeframe'])

/** Compiles a Sigma rule; every problem has its place. The document has passed its schema. */
export function compileSigmaRule(document: Document): Result<SigmaRule> {
  const problems: Problem[] = []
  const detection = document.value.detection
  if (!isObject(detection))
    return { ok: false, problems: [problem('sigma/form', 'a rule needs "detection"', document.place(['detection']))] }
  const searches = new Map<string, Search>()
  for (const [name, raw] of Object.entries(detection)) {
    if (!reserved.has(name)) searches.set(name, compileSearch(raw, ['detection', name], document.place, problems))
  }
  const condition = detection.condition
  const sources = Array.isArray(condition) ? (condition as readonly Json[]) : [condition ?? null]
  const parts: Search[] = []
  for (const source of sources) {
    try {
      if (typeof source !== 'string')
        throw new ConditionFault('the condition is missing', 'write "condition: selection"')
      parts.push(parseCondition(source, searches))
    } catch (error) {
      if (!(error instanceof ConditionFault)) throw error
      problems.push(problem('sigma/condition', error.message, document.place(['detection', 'condition']), error.hint))
    }
  }
  if (problems.length > 0) return { ok: false, problems }
  const search = parts.length === 1 ? (parts[0] as Search) : { kind: 'or' as const, parts }
  return {
    ok: true,
    value: {
      ...headOf(document, 'detection'),
      kind: 'detection',
      logsource: logsourceOf(document.value.logsource),
      search,
    },
  }
}

/** The parts that detection and correlation rules share. */
export function headOf(document: Document, kind: 'detection' | 'correlation'): RuleHead {
  const { id, name, title, description, level, tags, falsepositives, gitsoc } = document.value
  const tagList = texts(tags)
    .map((tag) => tag.toLowerCase())
    .filter((tag) => tag.startsWith('attack.'))
    .map((tag) => tag.slice(7))
  const techniques = tagList.map(currentTechnique).filter((one) => one !== null)
  const tactics = tagList.filter((tag) => !/^[tgs]\d{4}/.test(tag)).map(currentTactic)
  const ruleId = typeof id === 'string' ? id : document.file
  const place = document.place(['title'])
  return {
    id: ruleId,
    name: typeof name === 'string' ? name : null,
    title: typeof title === 'string' ? title : ruleId,
    description: typeof description === 'string' ? description.trim() : '',
    ref: { kind, id: ruleId, title: typeof title === 'string' ? title : ruleId, place },
    severity: severityId((typeof level === 'string' ? level : 'medium') as SeverityName),
    techniques: [...new Set(techniques)].sort(),
    tactics: [...new Set(tactics)].sort(),
    falsePositives: texts(falsepositives),
    aggregateBy: isObject(gitsoc) && Array.isArray(gitsoc.aggregateBy) ? texts(gitsoc.aggregateBy) : null,
  }
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((one) => typeof one === 'string') : []
}

function logsourceOf(value: Json | undefined): LogSource {
  if (!isObject(value)) return {}
  const members = (['product', 'category', 'service'] as const).flatMap((key) => {
    const text = value[key]
    return typeof text === 'string' ? [[key, text.toLowerCase()]] : []
  })
  return Object.fromEntries(members)
}
