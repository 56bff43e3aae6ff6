import { Writable } from 'node:stream'
import { type Logger, pino } from 'pino'
import { oneLine } from '../../core/model/index.ts'

/**
 * The logger that Probot gets: warnings and errors, each one line of text that the program wrote. Objects are left out, since
 * Probot logs errors together with the payload and the headers of the request.
 */
export function probotLog(log: (message: string) => void): Logger {
  const out = new Writable({
    write(chunk: Buffer, _encoding, done) {
      log(`probot: ${chunk.toString('utf8').trimEnd()}`)
      done()
    },
  })
  return pino(
    {
      level: 'warn',
      base: null,
      timestamp: false,
      hooks: {
        logMethod(args: unknown[], method) {
          method.apply(this, [{}, textOf(args)] as unknown as Parameters<typeof method>)
        },
      },
    },
    out,
  )
}

function textOf(args: readonly unknown[]): string {
  const said = args.find((one) => typeof one === 'string')
  const error = args.find((one) => one instanceof Error)
  return oneLine(typeof said === 'string' ? said : error instanceof Error ? error.name : 'something happened', 200)
}
