import type { AppManifest } from './manifest.ts'

const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)

/** A page with one button, which hands the manifest to GitHub: it is taken from a form only. `state` comes back with the code. */
export function setupForm(wish: {
  readonly manifest: AppManifest
  /** `https://github.com`, or a GitHub Enterprise Server. */
  readonly webUrl: string
  /** Null = the account of whoever clicks. */
  readonly organization: string | null
  readonly state: string
}): string {
  const { manifest, webUrl, organization, state } = wish
  const account = organization === null ? '' : `/organizations/${encodeURIComponent(organization)}`
  const action = `${webUrl}${account}/settings/apps/new?state=${encodeURIComponent(state)}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>gitsoc on GitHub</title>
<form method="post" action="${escaped(action)}">
<input type="hidden" name="manifest" value="${escaped(JSON.stringify(manifest))}">
<p>Makes the GitHub App "${escaped(manifest.name)}", which tells ${escaped(manifest.hook_attributes.url)} what happens.</p>
<button>Make the app</button>
</form>
</html>
`
}
