import { tenantId } from '../../src/core/model/index.ts'
import { createResponder } from '../../src/respond/index.ts'
import { connect, type Store } from '../../src/store/index.ts'
import { respondContent } from './respond-content.ts'

// One replica that works off runs; tells its processor time (ms), memory (bytes), transactions and statements when asked.
const [databaseUrl = '', workDir = '', vendorUrl = ''] = process.argv.slice(2)
const bundle = respondContent()
const count = { transactions: 0, statements: 0 }
const store = connect(databaseUrl, tenantId('main'))
const counted: Store = {
  ...store,
  transaction: (work) => {
    count.transactions++
    return store.transaction((tx) =>
      work({
        ...tx,
        query: (statement, values) => {
          count.statements++
          return tx.query(statement, values)
        },
        write: (statement, values) => {
          count.statements++
          return tx.write(statement, values)
        },
      }),
    )
  },
}
const responder = createResponder({
  store: counted,
  bundleOf: (digest) => (digest === bundle.digest ? bundle : undefined),
  clock: Date.now,
  places: { artifactsDir: workDir, outboxDir: workDir },
  live: {
    config: () => (vendorUrl === '' ? {} : { mode: 'live', url: vendorUrl, privateAddresses: true }),
    secrets: () => ['token'],
  },
  onError: (error) => process.stderr.write(`${(error as Error).message}\n`),
})
process.on('message', (asked) => {
  if (asked === 'end') process.exit()
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000, rss: process.memoryUsage().rss, ...count })
})
await responder.start()
process.send?.('ready')
