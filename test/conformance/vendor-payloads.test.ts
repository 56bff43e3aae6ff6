import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { tenantId } from '../../src/core/model/index.ts'
import { createNormalizer, type Normalized } from '../../src/core/normalize/index.ts'
import { readFiles } from '../../src/ingest/index.ts'
import { ownBundle } from '../support/content.ts'

const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'
const present = existsSync(join(data, 'vendor-payloads'))
if (!present) console.warn(`SKIPPED: no recorded vendor payloads at ${data} (set GITSOC_SHARED_DATA)`)

/** Files that may end in dead letters, each with its reason. */
const explained: Readonly<Record<string, string>> = {}

/** Products with a manifest of their own: which integration must recognise the file. */
const expected: readonly (readonly [file: string, integration: string])[] = [
  ['panther/AWS.CloudTrail.json', 'aws-cloudtrail'],
  ['panther/AWS.GuardDuty.json', 'aws-guardduty'],
  ['panther/AWS.SecurityFindingFormat.json', 'aws-securityhub'],
  ['ocsf-examples/AWS_v1.1.0_Security_Hub_Detection_Finding__sechub-guardduty.raw', 'aws-securityhub'],
  ['panther/Azure.MonitorActivity.json', 'azure-activity'],
  ['panther/MicrosoftGraph.SecurityAlertV2.json', 'microsoft-graph-security'],
  ['panther/Okta.SystemLog.json', 'okta'],
  ['okta/system-log.ndjson', 'okta'],
  ['suricata/alert.json', 'suricata'],
  ['ocsf-examples/Falco__falco.raw', 'falco'],
  ['zeek/conn.log', 'zeek'],
  ['zeek/dhcp.log', 'zeek'],
  ['sysmon/01-ProcessCreate.xml', 'windows'],
  ['microsoft/eid-0100.xml', 'windows'],
  ['panther/Windows.EventLogs.json', 'windows'],
  ['panther/GitHub.Audit.json', 'github'],
  ['panther/Crowdstrike.DetectionSummary.json', 'crowdstrike'],
  ['panther/Crowdstrike.EventStreams.json', 'crowdstrike'],
  ['wazuh4/alert-sshd.json', 'wazuh'],
]

const { integrations } = await ownBundle()

async function normalizeFile(file: string): Promise<readonly Normalized[]> {
  const normalizer = createNormalizer(integrations, tenantId('main'))
  const results: Normalized[] = []
  let seq = 0
  for await (const chunk of readFiles([file], { clock: () => Date.parse('2026-11-01T00:00:00Z') })) {
    for (const one of chunk) results.push(...normalizer.normalize({ ...one, seq: ++seq }))
  }
  return results
}

function walk(dir: string): string[] {
  return readdirSync(dir).flatMap((name) =>
    statSync(join(dir, name)).isDirectory() ? walk(join(dir, name)) : [join(dir, name)],
  )
}

test.skipIf(!present)('no recorded payload ends in an unexplained dead letter', async () => {
  const unexplained: string[] = []
  for (const folder of ['vendor-payloads', 'cloudtrail-attacks']) {
    for (const file of walk(join(data, folder)).filter((one) => !one.endsWith('SOURCES.md'))) {
      const results = await normalizeFile(file)
      expect(results.length, file).toBeGreaterThan(0)
      const dead = results.filter((one) => one.kind === 'dead')
      const name = relative(join(data, folder), file)
      if (dead.length > 0 && explained[name] === undefined)
        unexplained.push(
          `${name}: ${dead.map((one) => `${one.code} ${one.message} ${one.excerpt.slice(0, 80)}`).join('; ')}`,
        )
    }
  }
  expect(unexplained).toEqual([])
})

test.skipIf(!present).each(expected)('%s is recognised as %s', async (file, integration) => {
  const results = await normalizeFile(join(data, 'vendor-payloads', file))
  const sources = new Set(results.map((one) => (one.kind === 'event' ? one.event.source : one.source)))
  expect([...sources]).toEqual([integration])
})
