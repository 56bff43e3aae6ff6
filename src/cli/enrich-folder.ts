import { stat } from 'node:fs/promises'
import { Failure } from './failure.ts'

/**
 * The folder of lists and inventory that `from` names, if any. Throws a {@link Failure} where there is none: everything would look
 * harmless that a list knows.
 */
export async function enrichFolder(dir: string | undefined, from = '--enrich'): Promise<string | undefined> {
  if (dir === undefined || (await stat(dir).catch(() => null))?.isDirectory() === true) return dir
  throw new Failure(`${from} names no folder: ${dir}`, {
    hint: 'it is a folder with indicators/, warninglists/ and inventory.yaml, or some of them',
    exitCode: 2,
  })
}
