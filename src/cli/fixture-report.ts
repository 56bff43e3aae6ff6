import type { FixtureRun } from '../core/content/index.ts'
import { formatPlace, type Place } from '../core/model/index.ts'

/** An annotation of a GitHub workflow: shown on the line of a pull request. */
export function annotationOf(place: Place | undefined, message: string): string {
  const data = (text: string) => text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A')
  const property = (text: string) => data(text).replace(/:/g, '%3A').replace(/,/g, '%2C')
  const where = place === undefined ? '' : ` file=${property(place.file)},line=${place.line},col=${place.column}`
  return `::error${where}::${data(message)}`
}

/** JUnit's XML, one suite for each playbook. */
export function junitOf(runs: readonly FixtureRun[]): string {
  const suites = new Map<string, FixtureRun[]>()
  for (const run of runs) suites.set(run.fixture.playbook, [...(suites.get(run.fixture.playbook) ?? []), run])
  const failed = (list: readonly FixtureRun[]) => list.filter((one) => one.differences.length > 0).length
  const body = [...suites].map(
    ([name, list]) =>
      `  <testsuite name="${xml(name)}" tests="${list.length}" failures="${failed(list)}">\n${list.map(caseOf).join('')}  </testsuite>\n`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites tests="${runs.length}" failures="${failed(runs)}">\n${body.join('')}</testsuites>\n`
}

function caseOf({ fixture, differences }: FixtureRun): string {
  const head = `    <testcase classname="${xml(fixture.playbook)}" name="${xml(fixture.title)}" file="${xml(fixture.file)}"`
  if (differences.length === 0) return `${head}/>\n`
  const text = differences.map(
    (one) =>
      `${formatPlace(one.place)} ${one.what}: expected ${JSON.stringify(one.expected)}, is ${JSON.stringify(one.seen)}`,
  )
  return `${head}>\n      <failure message="${xml(differences[0]?.what ?? '')}">${xml(text.join('\n'))}</failure>\n    </testcase>\n`
}

/** Text in XML 1.0: characters that it cannot hold are left out. */
function xml(text: string): string {
  return (
    text
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken away
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/"/g, '&quot;')
  )
}
