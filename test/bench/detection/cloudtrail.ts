import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject, type Json, type JsonObject } from '../../../src/core/model/index.ts'
import { examine } from './examine.ts'
import { describe, emptyTally, noise, summary } from './report.ts'
import { data, type RuleSets } from './rule-sets.ts'

/**
 * ATT&CK techniques that name what each recording shows, read off its file name by us (the recordings carry the tactic
 * and a short name, not an id). Any one of them counts.
 */
export const expected: Readonly<Record<string, readonly string[]>> = {
  'credential-access.ec2-get-password-data': ['T1552'],
  'credential-access.ec2-steal-instance-credentials': ['T1552.005', 'T1078.004'],
  'credential-access.secretsmanager-retrieve-secrets': ['T1555.006'],
  'defense-evasion.cloudtrail-stop': ['T1685.002'],
  'defense-evasion.organizations-leave': ['T1666', 'T1685.002'],
  'defense-evasion.vpc-remove-flow-logs': ['T1685.002'],
  'execution.ec2-launch-unusual-instances': ['T1496.001', 'T1578.002'],
  'execution.ec2-user-data': ['T1651', 'T1059'],
  'execution.ssm-send-command': ['T1651'],
  'exfiltration.ec2-share-ebs-snapshot': ['T1537'],
  'initial-access.console-login-without-mfa': ['T1078.004'],
  'lateral-movement.ec2-serial-console-send-ssh-public-key': ['T1021.008', 'T1098.004'],
  'persistence.iam-backdoor-user': ['T1098.001'],
  'persistence.iam-create-backdoor-role': ['T1098.003', 'T1136.003', 'T1199'],
  'persistence.lambda-backdoor-function': ['T1546', 'T1098', 'T1648'],
  'persistence.lambda-layer-extension': ['T1546', 'T1525', 'T1648'],
  'persistence.lambda-overwrite-code': ['T1546', 'T1525', 'T1648'],
  'persistence.sts-federation-token': ['T1550.001', 'T1098.001', 'T1078.004'],
  'privilege-escalation.iam-update-user-login-profile': ['T1098', 'T1078.004'],
}

/** 19 recorded attack techniques in CloudTrail, and what the same rules make of CloudTrail that should be quiet. */
export async function cloudtrail(rules: RuleSets, say: (line: string) => void): Promise<void> {
  const directory = join(data, 'cloudtrail-attacks', 'stratus')
  if (!existsSync(directory)) return say(`skipped: no recordings in ${directory} (set GITSOC_SHARED_DATA)`)
  const tally = emptyTally()
  for (const file of readdirSync(directory).sort()) {
    const name = file.replace(/^aws\.|\.json$/g, '')
    const examined = await examine(rules, records(join(directory, file)))
    for (const line of describe(rules, { name, expected: expected[name] ?? [], examined }, tally)) say(line)
  }
  say('')
  say(summary('cloudtrail', tally))
  const ordinary = [await examine(rules, quiet())]
  for (const owner of ['ours', 'sigmahq'] as const) {
    say(
      `firings of ${owner} per 10,000 of ${ordinary[0]?.events} CloudTrail records that upstream's rules must keep still on:`,
    )
    for (const line of noise(rules, ordinary, owner, 60)) say(line)
  }
}

/** The records of a CloudTrail file. */
export function records(path: string): readonly JsonObject[] {
  const parsed = JSON.parse(readFileSync(path, 'utf8')) as Json
  const list = isObject(parsed) ? parsed.Records : parsed
  return Array.isArray(list) ? (list as readonly Json[]).filter(isObject) : []
}

/** CloudTrail records that are the harmless counterpart in somebody else's rule tests. */
function quiet(): readonly JsonObject[] {
  const path = join(data, 'cloud-saas-events', 'panther-rule-tests.jsonl')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { log_type: string; expected_alert: boolean; log: JsonObject })
    .filter((one) => one.log_type === 'AWS.CloudTrail' && !one.expected_alert)
    .map((one) => one.log)
}
