import { readFileSync } from 'node:fs'
import { defaultBudget, type SourceFile } from '../../src/core/content/index.ts'
import { defaultLimits, makePlan, type PastDelivery } from '../../src/preview/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { alertRecord, quietRecord } from './events.ts'
import { say, secondsSince } from './scratch.ts'

const perDelivery = 1000
const ruleCount = 500

/**
 * A plan over generated history: CloudTrail of which nothing is unusual, one record in a thousand a Wazuh alert. The content is
 * our own with detection rules of the same kind until there are 500; the change is one rule. Both replays run at once.
 */
export async function plan(events: number): Promise<void> {
  const { files } = await readWorkingTree(process.cwd())
  const own = files.filter(({ path }) => /^rules\/detection\/[^/]+\.yaml$/.test(path))
  const more = Array.from({ length: Math.max(0, ruleCount - own.length) }, (_, n) => extraRule(n))
  const before = { commit: 'base', files: [...files, ...more] }
  const after = { commit: 'head', files: [...files, ...more, extraRule(ruleCount)] }
  const [ownBefore, childrenBefore] = [process.cpuUsage(), childrenCpuSeconds()]
  const started = performance.now()
  const made = await makePlan({
    before,
    after,
    history: { enrichDir: null, deliveries: () => history(events) },
    budget: defaultBudget,
    limits: defaultLimits,
  })
  const seconds = secondsSince(started)
  const { user, system } = process.cpuUsage(ownBefore)
  const children = childrenCpuSeconds() - childrenBefore
  if (!made.ok) throw new Error(made.problems[0]?.message)
  const { counts } = made.plan
  const seen = Object.values(counts.after).reduce((sum, one) => sum + one, 0)
  say(
    `plan       ${events} events x ${own.length + more.length} detection rules through both bundles in ${seconds.toFixed(1)} s, ${(events / seconds).toFixed(0)} events/s; processor time ${children.toFixed(1)} s in both replays, ${((user + system) / 1e6).toFixed(1)} s in the parent that makes the events; counted ${seen === events ? 'exactly' : `WRONG ${seen}`}, ${counts.after.alerted} alerted`,
  )
}

/** Processor time of children that have ended, from Linux' /proc (proc_pid_stat(5): cutime, cstime in ticks of 10 ms). */
function childrenCpuSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[13]) + Number(fields[14])) / 100
}

async function* history(events: number): AsyncGenerator<PastDelivery> {
  for (let at = 0; at < events; at += perDelivery) {
    const lines = Array.from({ length: Math.min(perDelivery, events - at) }, (_, n) =>
      (at + n) % 1000 === 999 ? alertRecord(at + n, 500, 100) : quietRecord(at + n),
    )
    const body = Buffer.from(lines.join('\n'))
    yield {
      source: null,
      transport: 'file',
      contentType: 'application/x-ndjson',
      receivedAt: Date.UTC(2026, 5, 1),
      receipt: 'as-sent',
      body,
    }
  }
}

function extraRule(n: number): SourceFile {
  const id = `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`
  const text = `title: Extra ${n}
id: ${id}
status: test
description: For measuring.
author: gitsoc
date: 2026-05-01
tags: [attack.discovery]
logsource: { product: aws, service: cloudtrail }
detection:
  selection:
    eventSource: extra${n % 40}.amazonaws.com
    eventName|startswith: [Delete${n}, Put${n}]
  suspicious:
    userAgent|contains: [tool-${n}, kit-${n}]
  condition: selection or suspicious
falsepositives: [None known]
level: medium
`
  return { path: `rules/detection/extra_${n}.yaml`, text }
}
