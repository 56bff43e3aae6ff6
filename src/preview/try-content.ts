import type { Problem } from '../core/model/index.ts'
import type { Content } from '../repo/index.ts'
import { startLockedChild } from './locked-child.ts'
import { defaultLimits, type Limits } from './locked-process.ts'

/** Whether content may be put into service: it loads, and every fixture of it passes. */
export interface Tried {
  /** What speaks against it, each with its place and what to write; empty = nothing. */
  readonly errors: readonly Problem[]
  readonly warnings: readonly Problem[]
  readonly rulesTested: number
  readonly fixturesPlayed: number
}

/** Validates content and runs all of its fixtures in a locked child process. */
export async function tryContent(content: Content, limits: Partial<Limits> = {}): Promise<Tried> {
  const child = startLockedChild(
    {
      commit: content.commit,
      tenant: 'main',
      files: content.files,
      before: null,
      fixtures: [],
      review: true,
      enrichDir: null,
    },
    { ...defaultLimits, ...limits },
  )
  try {
    const { result, review } = await child.answer()
    const found = [...result.problems, ...(review?.tests.problems ?? [])]
    return {
      errors: found.filter((one) => one.severity === 'error'),
      warnings: found.filter((one) => one.severity === 'warning'),
      rulesTested: review?.tests.rules.tested ?? 0,
      fixturesPlayed: review?.tests.playbooks.fixtures ?? 0,
    }
  } finally {
    child.kill()
  }
}
