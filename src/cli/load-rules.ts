import { join } from 'node:path'
import type { Command } from 'commander'
import { type Bundle, parseDocuments, type SourceFile } from '../core/content/index.ts'
import { compileRuleSet, type RuleResult, type RuleSet, ruleKindOf } from '../core/detect/index.ts'
import { type Document, formatPlace, oneLine, type Problem, problem } from '../core/model/index.ts'
import { listRuleFiles, readRuleFile } from '../repo/index.ts'
import { Failure } from './failure.ts'
import { root } from './load-bundle.ts'
import { createProgress } from './progress.ts'

/** The Sigma rules of a folder or file, compiled; what does not compile is left out and named in `problems`. */
export interface LoadedRules {
  readonly set: RuleSet
  /** Files with at least one rule. */
  readonly fileCount: number
  /** Files that hold YAML, but no rule. */
  readonly skipped: readonly string[]
  /** In order of file and place; warnings too. */
  readonly problems: readonly Problem[]
  /** The files with an error in them. */
  readonly faulty: readonly SourceFile[]
  /** All files that were read, for code frames. */
  readonly sources: readonly SourceFile[]
}

/**
 * Reads and compiles all rules below the paths. Placeholders have the values of our own rules/placeholders.yaml, and over
 * those the ones of a file given. Throws a {@link Failure} when a path is not there or holds no rule file, and
 * when no file of them holds a rule.
 */
export async function loadRules(paths: readonly string[], placeholders?: string): Promise<LoadedRules> {
  const files = await filesOf(paths)
  const documents: Document[] = []
  const problems: Problem[] = []
  const sources: SourceFile[] = []
  const skipped: string[] = []
  const progress = createProgress('reading rules')
  try {
    for (const [index, path] of files.entries()) {
      const source = await readRuleFile(path)
      const parsed = parseDocuments(source.path, source.text)
      const rules = parsed.filter((one) => !one.ok || ruleKindOf(one.value) !== null)
      if (rules.length === 0) skipped.push(path)
      else sources.push(source)
      for (const one of rules) {
        if (one.ok) documents.push(one.value)
        else problems.push(...one.problems)
      }
      progress.update(index + 1, files.length, path)
    }
  } finally {
    progress.end()
  }
  if (sources.length === 0)
    throw new Failure(`there is no Sigma rule in ${paths.map((path) => oneLine(path, 200)).join(', ')}`, {
      hint: 'a rule is YAML with "detection", "correlation" or "filter" in it',
      exitCode: 2,
    })
  const set = compileRuleSet([...(await placeholderDocuments(placeholders)), ...documents])
  problems.push(...set.results.flatMap((one) => one.problems), ...duplicatesOf(set.results))
  const inFault = new Set(problems.filter((one) => one.severity === 'error').map((one) => one.place?.file))
  return {
    set,
    fileCount: sources.length,
    skipped,
    problems: problems.sort(byPlace),
    faulty: sources.filter((one) => inFault.has(one.path)),
    sources,
  }
}

async function placeholderDocuments(given: string | undefined): Promise<readonly Document[]> {
  const found: Document[] = []
  for (const path of [join(root, 'rules/placeholders.yaml'), ...(given === undefined ? [] : [given])]) {
    const source = await readRuleFile(path).catch((error: Error) => {
      if (path === given)
        throw new Failure(`the placeholders cannot be read: ${error.message}`, {
          hint: 'name a file like rules/placeholders.yaml',
          exitCode: 2,
        })
      return null
    })
    if (source === null) continue
    const documents = parseDocuments(source.path, source.text).flatMap((one) => (one.ok ? [one.value] : []))
    const placeholders = documents.filter((one) => ruleKindOf(one) === 'placeholders')
    if (path === given && placeholders.length === 0)
      throw new Failure(`there are no placeholders in ${path}`, {
        hint: 'write "placeholders: { name: { values: [a, b] } }"',
        exitCode: 2,
      })
    found.push(...placeholders)
  }
  return found
}

/**
 * The rules that an option `--rules` names, or else our own. What does not compile is left out and said on standard
 * error, since one broken rule among thousands should not end the work.
 */
export async function chosenRules(options: RuleOptions, bundle: Bundle): Promise<ChosenRules> {
  const paths = options.rules
  if (paths === undefined) return { detections: bundle.detection, correlations: bundle.sequences, loaded: null }
  const { set, faulty } = await loadRules(paths, options.placeholders)
  if (faulty.length > 0)
    process.stderr.write(
      `${faulty.length} rule files do not compile and are left out; gitsoc rules check ${paths.join(' ')} says why\n`,
    )
  return { detections: set.detections, correlations: set.correlations, loaded: set }
}

/** Options of commands that work with any rules. */
export interface RuleOptions {
  /** Folders or files; absent = our own rules. */
  readonly rules?: readonly string[] | undefined
  /** A file that gives placeholders values. */
  readonly placeholders?: string | undefined
  /** Another repository than this one, for rules, integrations and pipelines. */
  readonly content?: string
}

/** Adds those options to a command. */
export function withRuleOptions(command: Command): Command {
  return command
    .option('--rules <dir...>', 'Sigma rules to use in place of our own')
    .option('--placeholders <file>', 'values for the placeholders in those rules, besides rules/placeholders.yaml')
    .option('--content <dir>', 'another repository than this one')
}

/** The rules that a command works with; `loaded` is the whole set when they are not our own. */
export interface ChosenRules extends Pick<RuleSet, 'detections' | 'correlations'> {
  readonly loaded: RuleSet | null
}

async function filesOf(paths: readonly string[]): Promise<readonly string[]> {
  const files: string[] = []
  for (const path of paths) {
    const found = await listRuleFiles(path).catch((error: Error) => {
      throw new Failure(`the rules cannot be read: ${error.message}`, {
        hint: 'name files or folders of Sigma rules that are there',
        exitCode: 2,
      })
    })
    if (found.length === 0)
      throw new Failure(`there is no rule in ${path}`, { hint: 'rules are .yml or .yaml files', exitCode: 2 })
    files.push(...found)
  }
  return [...new Set(files)]
}

/** Two rules of one id would raise one alert, and a correlation could not tell them apart. */
function duplicatesOf(results: readonly RuleResult[]): readonly Problem[] {
  const seen = new Map<string, Document>()
  return results.flatMap(({ document }) => {
    const { id } = document.value
    if (typeof id !== 'string') return []
    const first = seen.get(id)
    if (first === undefined) {
      seen.set(id, document)
      return []
    }
    const where = formatPlace(first.place(['id']))
    return [problem('content/duplicate-id', `the id "${id}" is used in ${where} too`, document.place(['id']))]
  })
}

function byPlace(a: Problem, b: Problem): number {
  const left = a.place?.file ?? ''
  const right = b.place?.file ?? ''
  return left === right ? (a.place?.line ?? 0) - (b.place?.line ?? 0) : left < right ? -1 : 1
}
