/** Works on each, also after one of them failed; throws what the first failure threw when all were tried. */
export async function eachAlone<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = []
  for (const one of all) await work(one).catch((error: unknown) => void failures.push(error))
  if (failures.length > 0) throw failures[0]
}
