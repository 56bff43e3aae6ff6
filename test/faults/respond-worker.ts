import { tenantId } from '../../src/core/model/index.ts'
import { createResponder } from '../../src/respond/index.ts'
import { connect } from '../../src/store/index.ts'
import { respondBundle } from './respond-bundle.ts'

// A worker that goes on until it is killed.
interface Wanted {
  readonly databaseUrl: string
  readonly tenant: string
  readonly vendorUrl: string
  readonly workDir: string
  readonly leaseMs: number
}
const wanted = JSON.parse(process.argv[2] ?? '{}') as Wanted
const bundle = respondBundle()
const store = connect(wanted.databaseUrl, tenantId(wanted.tenant))

const responder = createResponder({
  store,
  bundleOf: (digest) => (digest === bundle.digest ? bundle : undefined),
  clock: Date.now,
  places: { artifactsDir: wanted.workDir, outboxDir: wanted.workDir },
  live: {
    config: () => ({ mode: 'live', url: wanted.vendorUrl, privateAddresses: true }),
    secrets: () => ['token'],
  },
  leaseMs: wanted.leaseMs,
  onError: (error) => process.stderr.write(`${(error as Error).message}\n`),
})
await responder.start()
process.stdout.write('ready\n')
