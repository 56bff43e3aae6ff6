import { createRuntime } from '../../src/server/index.ts'
import type { OpenStore } from '../../src/store/index.ts'
import { ownBundle } from '../support/content.ts'

/** Works off what is left in the inbox. */
export async function runtimeDrain(store: OpenStore, workDir: string): Promise<void> {
  const runtime = await createRuntime({ store, bundle: await ownBundle(), clock: Date.now, workDir })
  await runtime.pipeline.drain()
}
