import { createHmac } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tenantId } from '../../src/core/model/index.ts'
import { openStore, verifyAudit } from '../../src/store/index.ts'
import { serverProcess } from './server-process.ts'

/** What killing the server under requests to a playbook's webhook came to. */
export interface HooksKillReport {
  readonly kills: number
  readonly requests: number
  readonly runs: number
  readonly faults: readonly string[]
}

const secret = 'of-the-portal'

/**
 * Sends each of `count` requests to the webhook of `lost-device` twice, whatever was answered before, and kills the server
 * between and during them; then each must have one run, and it is the one that was answered.
 */
export async function killUnderHooks(count: number, kills: number): Promise<HooksKillReport> {
  const dir = await mkdtemp(join(tmpdir(), 'gitsoc-hooks-'))
  await chmod(dir, 0o711)
  process.env.GITSOC_SECRET_LOST_DEVICE_HOOK = secret
  const server = serverProcess({ store: join(dir, 'store') })
  const faults: string[] = []
  const answered = new Map<string, Set<string>>()
  try {
    await server.start()
    await openIncident(server.url)
    let killed = 0
    let acknowledged = 0
    const worker = async (reports: string[]) => {
      for (let report = reports.pop(); report !== undefined; report = reports.pop()) {
        const run = await sendUntilTaken(server.url, report)
        answered.set(report, (answered.get(report) ?? new Set()).add(run))
        acknowledged++
      }
    }
    const reports = Array.from({ length: count * 2 }, (_one, n) => `r-${n % count}`)
    const sending = Promise.all(Array.from({ length: 8 }, () => worker(reports)))
    while (killed < kills) {
      const wanted = ((killed + 1) * count * 2) / (kills + 1)
      while (acknowledged < wanted && reports.length > 0) await new Promise((resolve) => setTimeout(resolve, 5))
      await server.kill()
      killed++
      await server.start()
    }
    await sending
    await server.stop()
    const store = await openStore({ dir: join(dir, 'store') }, tenantId('main'))
    try {
      const found = await store.transaction((tx) =>
        tx.query<{ id: string }>(`select id from run where tenant = $1 and trigger = 'webhook'`, [tx.tenant]),
      )
      const runs = new Set(found.rows.map((one) => one.id))
      for (const [report, told] of answered) {
        if (told.size !== 1) faults.push(`${report} was answered with ${told.size} runs`)
        for (const run of told) if (!runs.has(run)) faults.push(`the run ${run} of ${report} is lost`)
      }
      if (answered.size !== count) faults.push(`${answered.size} of ${count} requests were answered`)
      if (runs.size !== count) faults.push(`${count} requests have ${runs.size} runs`)
      const audit = await verifyAudit(store)
      if (audit.broken !== null) faults.push(`the audit chain is broken at ${audit.broken.seq}: ${audit.broken.why}`)
      return { kills: killed, requests: count, runs: runs.size, faults }
    } finally {
      await store.close()
    }
  } finally {
    await server.kill()
    await rm(dir, { recursive: true, force: true })
  }
}

async function openIncident(url: () => string): Promise<void> {
  const alert = {
    id: '1.1',
    timestamp: '2026-05-12T07:10:05.120+0000',
    rule: { id: '5712', level: 10, description: 'sshd: brute force' },
    agent: { id: '1', name: 'bastion-1' },
    data: { srcip: '198.51.100.23' },
  }
  const headers = { 'x-api-key': 'fault-test' }
  const sent = await fetch(`${url()}/in/wazuh`, { method: 'POST', headers, body: JSON.stringify(alert) })
  if (sent.status !== 202) throw new Error(`the alert was answered ${sent.status}`)
  await fetch(`${url()}/analyze`, { method: 'POST' })
}

/** Tries until the request is taken, and gives the run that it was answered with. */
async function sendUntilTaken(url: () => string, report: string): Promise<string> {
  const body = JSON.stringify({ incident: 1, report, device: `laptop-${report}`, person: 'user17@example.com' })
  const headers = { 'x-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }
  for (;;) {
    try {
      const response = await fetch(`${url()}/hooks/lost-device`, { method: 'POST', headers, body })
      const answer = (await response.json()) as { readonly run?: string }
      if (response.status === 202 && typeof answer.run === 'string') return answer.run
      if (response.status < 500) throw new Error(`answered ${response.status}: ${JSON.stringify(answer)}`)
    } catch (error) {
      if ((error as Error).message.startsWith('answered')) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
