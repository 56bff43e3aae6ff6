import { type History, historyOfFiles, integrationsAt, ownHistory } from '../preview/index.ts'
import { enrichFolder } from './enrich-folder.ts'
import { Failure } from './failure.ts'
import { noCommit } from './no-commit.ts'

/** What is replayed where a command takes `--history`. */
export interface HistoryWish {
  readonly history?: readonly string[]
  readonly enrich?: string
  readonly content: string
}

/**
 * The history of files and folders, of another repository that brings recordings, or when nothing is named of that of the
 * content itself; null when that has none. `revision` is the commit whose integrations say what files hold.
 */
export async function historyFor({ history, enrich, content }: HistoryWish, revision: string): Promise<History | null> {
  await enrichFolder(enrich)
  const own = await ownHistory(history?.length === 1 ? (history[0] ?? content) : content)
  if (history === undefined || (history.length === 1 && own !== null))
    return own === null || enrich === undefined ? own : { ...own, enrichDir: enrich }
  const integrations = await integrationsAt(content, revision).catch(noCommit(content, [revision]))
  return historyOfFiles(history, enrich ?? null, integrations).catch((error: Error) => {
    throw new Failure(`the history cannot be read: ${error.message}`, { exitCode: 2 })
  })
}
