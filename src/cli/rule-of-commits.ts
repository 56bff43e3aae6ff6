import { plain } from '../cases/index.ts'
import type { SourceFile } from '../core/content/index.ts'
import { didYouMean } from '../core/model/index.ts'
import { readCommit } from '../repo/index.ts'
import { Failure } from './failure.ts'
import { noCommit } from './no-commit.ts'

const isRule = (path: string) => /^rules\/(detection|correlation|rarity)\/(?!fixtures\/).+\.ya?ml$/.test(path)
const maxNamed = 5

/**
 * The id of the rule that a person means by its id or part of its path, in any of these commits; nothing is compiled. Throws
 * a {@link Failure} when there is none, or several, or a commit cannot be read.
 */
export async function ruleOfCommits(wanted: string, root: string, revisions: readonly string[]): Promise<string> {
  const files: SourceFile[] = []
  for (const revision of revisions) {
    const content = await readCommit(root, revision).catch(noCommit(root, [revision]))
    files.push(...content.files.filter(({ path }) => isRule(path)))
  }
  const ids = new Map(files.flatMap(({ path, text }) => idsIn(text).map((id) => [id, path] as const)))
  if (ids.has(wanted)) return wanted
  const stem = (path: string) => path.replace(/^.*\/|\.ya?ml$/g, '')
  const named = [...ids].filter(([, path]) => stem(path) === wanted)
  const found = named.length > 0 ? named : [...ids].filter(([, path]) => path.includes(wanted))
  const [first] = found
  if (first !== undefined && found.length === 1) return first[0]
  const names = [...new Set(files.map(({ path }) => stem(path)))]
  throw found.length > 1
    ? new Failure(`"${plain(wanted, 100)}" names ${found.length} rules`, {
        hint: `one of ${found
          .slice(0, maxNamed)
          .map(([id, path]) => plain(`${path} (${id})`, 200))
          .join(', ')}`,
        exitCode: 2,
      })
    : new Failure(`there is no rule "${plain(wanted, 100)}" in ${revisions.join(' or ')}`, {
        hint: didYouMean(wanted, names) ?? 'name its id or part of its path',
        exitCode: 2,
      })
}

const idsIn = (text: string): readonly string[] =>
  [...text.matchAll(/^id:[ \t]*["']?([\w-]{1,100})/gm)].flatMap(([, id]) => (id === undefined ? [] : [id]))
