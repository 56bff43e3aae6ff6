import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

interface Manifest {
  readonly features: { readonly slash_commands: readonly { readonly command: string; readonly url: string }[] }
  readonly oauth_config: { readonly scopes: { readonly bot: readonly string[] } }
  readonly settings: { readonly interactivity: { readonly request_url: string } }
}

/** The scopes that each method needs, from its page under docs.slack.dev/reference/methods. */
const scopesOf: Readonly<Record<string, readonly string[]>> = {
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'chat.postEphemeral': ['chat:write'],
  'conversations.list': ['channels:read', 'groups:read'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.replies': ['channels:history', 'groups:history'],
  'users.info': ['users:read', 'users:read.email'],
  'users.lookupByEmail': ['users:read.email'],
  'views.open': [],
}

test('the manifest asks for what our calls need and no more, and points at our one address', () => {
  const manifest = parse(readFileSync('src/slack/manifest.yaml', 'utf8')) as Manifest
  const code = ['create-app', 'who-is', 'write-incident', 'write-call', 'find-channel']
    .map((file) => readFileSync(`src/slack/${file}.ts`, 'utf8'))
    .join('\n')
  const called = [
    ...code.matchAll(/client\s*\.?\s*\.(chat|conversations|users|views)\s*\.(\w+)\(|users\.(lookupByEmail)/g),
  ].map(([, group, method, other]) => (other === undefined ? `${group}.${method}` : `users.${other}`))
  expect([...new Set(called)].filter((method) => scopesOf[method] === undefined)).toEqual([])
  const needed = new Set(['commands', ...called.flatMap((method) => scopesOf[method] ?? [])])
  expect([...manifest.oauth_config.scopes.bot].sort()).toEqual([...needed].sort())
  const paths = [...manifest.features.slash_commands.map((one) => one.url), manifest.settings.interactivity.request_url]
  expect(paths.map((url) => new URL(url).pathname)).toEqual(['/slack/events', '/slack/events'])
  expect(manifest.features.slash_commands.map((one) => one.command)).toEqual(['/soc'])
})
