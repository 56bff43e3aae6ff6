import { Failure } from './failure.ts'

/** The number of a port as an option gives it. */
export function portOf(option: string, text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535 && text.trim() !== '') return port
  throw new Failure(`${option} is a number from 0 to 65535, not "${text}"`, { exitCode: 2 })
}
