import { setTimeout as wait } from 'node:timers/promises'
import type { Bundle } from '../../../core/content/index.ts'
import type { Store } from '../../../store/index.ts'
import { currentDeployment, deployChannel, readBundle } from './deployments.ts'

/** Serves what is deployed, on every replica: heard by notification, and looked for besides. */
export interface Follower {
  /** Looks now; true when another bundle is served since. */
  follow(): Promise<boolean>
  start(): Promise<void>
  stop(): Promise<void>
}

export interface FollowParts {
  readonly store: Store
  /** What is served now. */
  readonly current: () => Bundle
  readonly swap: (bundle: Bundle) => void
  readonly log: (message: string) => void
  /** A minute unless told. */
  readonly everyMs?: number
}

const defaultEveryMs = 60_000

export function createFollower({ store, current, swap, log, everyMs = defaultEveryMs }: FollowParts): Follower {
  let stopping = false
  let wake: () => void = () => {}
  let loop: Promise<void> = Promise.resolve()
  let unlisten: () => Promise<void> = async () => {}
  let unreadable = ''

  const follow = async (): Promise<boolean> => {
    const deployed = await store.transaction(currentDeployment)
    if (deployed?.digest == null || deployed.digest === current().digest || deployed.digest === unreadable) return false
    const bundle = await readBundle(store, deployed.digest)
    if (bundle === null) {
      unreadable = deployed.digest
      log(
        `bundle ${deployed.digest.slice(0, 16)} is deployed but cannot be read: ${current().digest.slice(0, 16)} stays in service`,
      )
      return false
    }
    swap(bundle)
    log(`bundle ${bundle.digest.slice(0, 16)} of ${bundle.commit} is in service`)
    return true
  }
  const run = async () => {
    while (!stopping) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      await follow().catch((error: Error) => log(`survived: following deployments: ${error.message}`))
      await Promise.race([woken, wait(everyMs, undefined, { ref: false })])
    }
  }
  return {
    follow,
    async start() {
      unlisten = await store.listen(deployChannel, () => wake())
      loop = run()
    },
    async stop() {
      stopping = true
      wake()
      await loop
      await unlisten()
    },
  }
}

/** The bundle that is deployed; null when nothing is, or it cannot be read any more. */
export async function deployedBundle(store: Store): Promise<Bundle | null> {
  const deployed = await store.transaction(currentDeployment)
  return deployed?.digest == null ? null : readBundle(store, deployed.digest)
}
