import { once } from 'node:events'

/** Writes to standard output and waits for whoever reads it, so that long output does not pile up in memory. */
export async function writeOut(text: string): Promise<void> {
  if (!process.stdout.write(text) && process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
}
