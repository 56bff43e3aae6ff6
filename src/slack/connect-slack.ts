import type { Slack, SlackParts } from './connect.ts'

/** Puts Slack together; nothing is sent before `start`. Bolt is loaded here, so that a server without Slack never holds it. */
export async function connectSlack(parts: SlackParts): Promise<Slack> {
  const { connect } = await import('./connect.ts')
  return connect(parts)
}
