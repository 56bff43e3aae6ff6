import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * All valid values of a secret, newest first: `GITSOC_SECRET_<NAME>` (upper case, `_` for `-`), else a file of that name
 * in `GITSOC_SECRETS_DIR`; one value a line, so that a secret can be rotated. Files are read anew at each use.
 */
export function secretsFrom(environment: NodeJS.ProcessEnv): (name: string) => readonly string[] | undefined {
  return (name) => {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return undefined
    const value =
      environment[`GITSOC_SECRET_${name.toUpperCase().replace(/-/g, '_')}`] ??
      fileValue(environment.GITSOC_SECRETS_DIR, name)
    const values = value
      ?.split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    return values === undefined || values.length === 0 ? undefined : values
  }
}

function fileValue(dir: string | undefined, name: string): string | undefined {
  if (dir === undefined) return undefined
  try {
    return readFileSync(join(dir, name), 'utf8')
  } catch {
    return undefined
  }
}
