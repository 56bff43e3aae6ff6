import type { IncomingMessage, ServerResponse } from 'node:http'

/** Something that works by itself between start and stop; `stop` waits for what is under way. */
export interface Service {
  /** Told before anything else where to count what happens. */
  counted?(count: (integration: string, result: string) => void): void
  /** Answers requests that are its own; false for every other. */
  handle?(request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** How its channels stand, by name, for `/health`. */
  health?(): Promise<Readonly<Record<string, unknown>>>
  start(): void | Promise<void>
  stop(): Promise<void>
}
