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
import { logSourceOf } from './pipeline.ts'
import { noPlaceholders, type Placeholders } from './placeholders.ts'
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
  /** What must hold of an event; the filters that apply are part of it. */
  readonly search: Search
  /** Filters that keep events from it, in order of their ids. */
  readonly filters: readonly AppliedFilter[]
}

/** A filter as it applies to a rule: events on which `excludes` holds are left out. */
export interface AppliedFilter {
  readonly ref: RuleRef
  readonly excludes: Search
}

/** What is no search; `timeframe` belonged to aggregations of old. */
const reserved = { detection: ['condition', 'timeframe'], filter: ['condition', 'rules'] }

/** Compiles a Sigma rule; every problem has its place. The document has passed its schema. */
export function compileSigmaRule(document: Document, placeholders: Placeholders = noPlaceholders): Result<SigmaRule> {
  const problems: Problem[] = []
  const taxonomy = document.value.taxonomy
  if (taxonomy !== undefined && taxonomy !== 'sigma')
    problems.push(
      problem(
        'sigma/form',
        `the taxonomy ${JSON.stringify(taxonomy)} is not known`,
        document.place(['taxonomy']),
        "fields are those of Sigma's own taxonomy, or of the record as it was sent",
      ),
    )
  const search = compileDetection(document, 'detection', placeholders, problems)
  if (problems.length > 0 || search === null) return { ok: false, problems }
  return {
    ok: true,
    value: {
      ...headOf(document, 'detection'),
      kind: 'detection',
      logsource: logSourceOf(document.value.logsource),
      search,
      filters: [],
    },
  }
}

/**
 * The searches and the condition under a member of a document: `detection` of a rule, `filter` of a filter. Problems are
 * added to the list; null when there is nothing to compile.
 */
export function compileDetection(
  document: Document,
  member: 'detection' | 'filter',
  placeholders: Placeholders,
  problems: Problem[],
): Search | null {
  const detection = document.value[member]
  if (!isObject(detection)) {
    problems.push(problem('sigma/form', `a rule needs "${member}"`, document.place([member])))
    return null
  }
  const searches = new Map<string, Search>()
  for (const [name, raw] of Object.entries(detection)) {
    if (reserved[member].includes(name)) continue
    searches.set(name, compileSearch(raw, [member, name], document.place, problems, placeholders))
  }
  const condition = detection.condition
  const sources = Array.isArray(condition) ? (condition as readonly Json[]) : [condition ?? null]
  const parts: Search[] = []
  for (const [index, source] of sources.entries()) {
    try {
      if (typeof source !== 'string')
        throw new ConditionFault('the condition is missing', 'write "condition: selection"')
      parts.push(parseCondition(source, searches))
    } catch (error) {
      if (!(error instanceof ConditionFault)) throw error
      const path = [member, 'condition', ...(Array.isArray(condition) ? [index] : [])]
      problems.push(problem('sigma/condition', error.message, document.place(path), error.hint))
    }
  }
  return parts.length === 1 ? (parts[0] as Search) : { kind: 'or', parts }
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
  const ruleId = typeof id === 'string' ? id : typeof name === 'string' ? name : fallbackId(document)
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

/** The specification lets a rule be without id: then its place is one. */
function fallbackId(document: Document): string {
  const { line } = document.place([])
  return line === 1 ? document.file : `${document.file}:${line}`
}
