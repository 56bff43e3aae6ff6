import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SourceFile } from '../../src/core/content/index.ts'
import { type PastDelivery, previewChange } from '../../src/preview/index.ts'
import { readWorkingTree } from '../../src/repo/index.ts'
import { alertRecord, quietRecord } from './events.ts'
import { say, secondsSince, withScratch } from './scratch.ts'

const perDelivery = 1000
const ruleCount = 500

/**
 * The preview of a pull request over generated history: CloudTrail of which nothing is unusual, one record in a thousand a Wazuh
 * alert. The content is our own with detection rules of the same kind until there are 500; the change is one rule. Its tests and
 * those of the content are run too.
 */
export async function plan(events: number): Promise<void> {
  const { files } = await readWorkingTree(process.cwd())
  const own = files.filter(({ path }) => /^rules\/detection\/[^/]+\.yaml$/.test(path))
  const more = Array.from({ length: Math.max(0, ruleCount - own.length) }, (_, n) => extraRule(n))
  await withScratch(async (repository) => {
    const [base, head] = [commit(repository, [...files, ...more]), commit(repository, [extraRule(ruleCount)])]
    const [ownBefore, childrenBefore] = [process.cpuUsage(), childrenCpuSeconds()]
    const started = performance.now()
    const { plan: made, failures } = await previewChange({
      ...{ repository, base, head },
      history: { enrichDir: null, deliveries: () => history(events) },
    })
    const seconds = secondsSince(started)
    const { user, system } = process.cpuUsage(ownBefore)
    const children = childrenCpuSeconds() - childrenBefore
    if (made === null) throw new Error(failures.join('; '))
    const { counts } = made
    const seen = Object.values(counts.after).reduce((sum, one) => sum + one, 0)
    say(
      `plan       ${events} events x ${own.length + more.length} detection rules before and after a change in ${seconds.toFixed(1)} s, ${(events / seconds).toFixed(0)} events/s; processor time ${children.toFixed(1)} s in the locked processes, ${((user + system) / 1e6).toFixed(1)} s in the parent that makes the events; counted ${seen === events ? 'exactly' : `WRONG ${seen}`}, ${counts.after.alerted} alerted`,
    )
  })
}

/** Writes files into a repository and commits everything. */
function commit(dir: string, files: readonly SourceFile[]): string {
  for (const { path, text } of files) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-C', dir, '-c', 'user.name=gitsoc', '-c', 'user.email=soc@example.com', ...args]).toString()
  git('init', '-q')
  git('add', '-A')
  git('commit', '-qm', 'content')
  return git('rev-parse', 'HEAD').trim()
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
