import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expected as expectedInCloud } from './cloudtrail.ts'
import { current, related } from './judge.ts'
import { data, type RuleSets } from './rule-sets.ts'

const command = fileURLToPath(new URL('../../../src/gitsoc.mjs', import.meta.url))
const started = promisify(execFile)

interface Dataset {
  readonly name: string
  readonly path: string
}

/** What `gitsoc run --json` ends with, as far as it is asked here. */
interface Summary {
  readonly received: number
  readonly deadLettered: number
  readonly alerts: number
  readonly incidents: readonly {
    readonly severity: string
    readonly title: string
    readonly techniques: readonly string[]
  }[]
}

/**
 * Every recorded attack through the command `gitsoc run` as a user starts it, and whether an incident names an expected
 * technique. The command gets the file alone; what is expected is read after it has ended.
 */
export async function throughRun(_rules: RuleSets, say: (line: string) => void): Promise<void> {
  for (const [title, datasets, labelsOf] of [
    ['cloudtrail', cloudDatasets(), cloudLabels],
    ['windows', windowsDatasets(), windowsLabels],
  ] as const) {
    if (datasets.length === 0) say(`skipped: no recordings of ${title} in ${data} (set GITSOC_SHARED_DATA)`)
    const named: string[] = []
    for (const { name, path } of datasets) {
      const summary = await run(path).catch((error: Error) => error)
      if (summary instanceof Error) {
        say(`${name}: THE COMMAND FAILED: ${summary.message.split('\n').at(-2) ?? summary.message}`)
        continue
      }
      const wanted = labelsOf(name)
      const isWanted = (id: string) => wanted.some((one) => related(id, one))
      const naming = summary.incidents.find(({ techniques }) => techniques.some(isWanted))
      if (naming !== undefined) named.push(name)
      const techniques = [...new Set(summary.incidents.flatMap((one) => one.techniques))].sort()
      say(
        `${name}: expected ${wanted.join(' ')}; ${summary.received} events, ${summary.alerts} alerts, ${summary.incidents.length} incidents: ${techniques.join(' ') || 'none'}`,
      )
      say(
        naming === undefined
          ? `    NOT NAMED: ${reasonOf(summary)}`
          : `    named by ${naming.severity} "${naming.title}"`,
      )
    }
    if (datasets.length > 0)
      say(`\n${title}: an incident names the expected technique in ${named.length} of ${datasets.length}\n`)
  }
}

async function run(path: string): Promise<Summary> {
  const { stdout } = await started(process.execPath, [command, 'run', path, '--json'], { maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Summary
}

function reasonOf({ alerts, incidents, received, deadLettered }: Summary): string {
  if (received === deadLettered) return 'no record was read'
  if (alerts === 0) return 'no rule alerted'
  return incidents.length === 0
    ? 'alerts below medium severity open no incident'
    : 'the incidents name other techniques'
}

function cloudDatasets(): readonly Dataset[] {
  const folder = join(data, 'cloudtrail-attacks', 'stratus')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((file) => ({ name: file.replace(/^aws\.|\.json$/g, ''), path: join(folder, file) }))
}

const cloudLabels = (name: string) => expectedInCloud[name] ?? []

const index = join(data, 'attack-datasets', 'index.json')

function windowsDatasets(): readonly Dataset[] {
  if (!existsSync(index)) return []
  return recordings().map(({ file }) => ({ name: file, path: join(data, 'attack-datasets', file) }))
}

const windowsLabels = (name: string) => current(recordings().find(({ file }) => file === name)?.techniques ?? [])

const recordings = () =>
  JSON.parse(readFileSync(index, 'utf8')) as readonly {
    readonly file: string
    readonly techniques: readonly string[]
  }[]
