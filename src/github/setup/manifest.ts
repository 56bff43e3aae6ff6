import { webhooksPath } from '../app/receive.ts'

/** What a GitHub App is made of by one click. https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest */
export interface AppManifest {
  readonly name: string
  readonly url: string
  readonly hook_attributes: { readonly url: string; readonly active: boolean }
  readonly redirect_url?: string
  readonly description: string
  readonly public: boolean
  readonly default_permissions: Readonly<Record<string, 'read' | 'write'>>
  readonly default_events: readonly string[]
}

/** What the app may do, and nothing beyond it: src/github/README.md says what for. */
export const permissions = {
  checks: 'write',
  contents: 'write',
  issues: 'write',
  members: 'read',
  metadata: 'read',
  pull_requests: 'write',
  statuses: 'write',
} as const

/** What it hears of. */
export const events = ['check_run', 'issue_comment', 'issues', 'pull_request', 'push'] as const

/** The manifest of an app for a server that GitHub reaches at `serverUrl`. */
export function appManifest(wish: {
  readonly serverUrl: string
  readonly name: string
  readonly redirectUrl?: string
  /** Whether other accounts than the owner's may install it; they are refused here unless they are configured. */
  readonly isPublic?: boolean
}): AppManifest {
  const serverUrl = wish.serverUrl.replace(/\/+$/, '')
  return {
    name: wish.name,
    url: serverUrl,
    hook_attributes: { url: `${serverUrl}${webhooksPath}`, active: true },
    ...(wish.redirectUrl === undefined ? {} : { redirect_url: wish.redirectUrl }),
    description: 'gitsoc: a security operations centre that lives in this repository',
    public: wish.isPublic === true,
    default_permissions: permissions,
    default_events: events,
  }
}
