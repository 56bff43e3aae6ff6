import { type CaseFile, gradeOf, readCase, signed, utc, words } from '../cases/index.ts'
import { tacticOrder } from '../core/correlate/index.ts'
import { type Decision, formatPlace, type IncidentNumber } from '../core/model/index.ts'
import { alertsSince, boundTo, waitingOf } from '../respond/index.ts'
import type { Store } from '../store/index.ts'
import { approvalLines } from './approval-lines.ts'
import { type Reply, refused, shown } from './reply.ts'

const most = { approvals: 5, tasks: 10, runs: 10, containments: 10, reasons: 12, decisions: 12 }

/** `/status`: how an incident stands, and what waits for a person, exactly as it would be approved. */
export function showStatus(store: Store, incident: IncidentNumber): Promise<Reply> {
  return withCase(store, incident, async (file) => [
    headOf(file),
    timesOf(file),
    ...openTasks(file),
    ...file.runs
      .filter((run) => ['running', 'waiting', 'paused'].includes(run.status))
      .slice(0, most.runs)
      .map((run) => `run ${run.id.slice(0, 12)} of ${run.playbook} is ${run.status}`),
    ...file.containments.slice(0, most.containments).map((one) => `holds: ${one.action} on ${one.target}`),
    ...(await waitingLines(store, file.incident.number)),
  ])
}

/** `/why`: what grouped, scored and set off, each with its rule and place, and what waits with its reason. */
export function showWhy(store: Store, incident: IncidentNumber): Promise<Reply> {
  return withCase(store, incident, async (file) => {
    const { assessment, decisions } = file.incident
    return [
      headOf(file),
      ...(assessment?.contributions ?? [])
        .toSorted((a, b) => Math.abs(b.points) - Math.abs(a.points))
        .slice(0, most.reasons)
        .map((one) => `${signed(one.points)} ${toldOf(one.decision)}`),
      ...decisions
        .slice(-most.decisions)
        .map((one) => (saysItself(one) ? toldOf(one) : `${one.answer}: ${toldOf(one)}`)),
      ...(decisions.length > most.decisions
        ? [`${decisions.length - most.decisions} earlier decisions are left out`]
        : []),
      ...file.runs.slice(0, most.runs).map((run) => `ran ${run.playbook}: ${run.why}`),
      ...(await waitingLines(store, file.incident.number)),
    ]
  })
}

/** `/timeline`: the newest entries of the story, the last one at the end. */
export function showTimeline(store: Store, incident: IncidentNumber, count: number): Promise<Reply> {
  return withCase(store, incident, async ({ timeline }) => {
    const before = timeline.length - count
    return [
      ...(timeline.length === 0 ? ['nothing is in the story yet'] : []),
      ...(before > 0 ? [`${before} earlier entries are left out`] : []),
      ...timeline.slice(-count).map((one) => `${utc(one.at)} ${one.actor}: ${one.sentence}`),
    ]
  })
}

async function withCase(
  store: Store,
  incident: IncidentNumber,
  linesOf: (file: CaseFile) => Promise<readonly string[]>,
): Promise<Reply> {
  const file = await store.transaction((tx) => readCase(tx, incident))
  if (file === null) return refused(`there is no incident ${incident}`)
  const lines = await linesOf(file)
  const { number } = file.incident
  return shown(number === incident ? lines : [`INC-${incident} was merged into INC-${number}`, ...lines])
}

function headOf({ incident }: CaseFile): string {
  const { assessment, owner, verdict } = incident
  const grade = gradeOf(assessment)
  const stands = [incident.status, owner === null ? 'nobody owns it' : `owned by ${owner}`, verdict ?? '']
  return `INC-${incident.number} ${grade}, ${stands.filter((one) => one !== '').join(', ')}: ${incident.title}`
}

function timesOf({ incident }: CaseFile): string {
  const { alertCount, sources } = incident
  const tactics = tacticOrder.filter((one) => incident.tactics.includes(one)).map(words)
  const alerts = `${alertCount} alert${alertCount === 1 ? '' : 's'} of ${sources.slice(0, 8).join(', ')}`
  return `${alerts} from ${utc(incident.firstAt)} to ${utc(incident.lastAt)} UTC${tactics.length === 0 ? '' : `: ${tactics.join(' > ')}`}`
}

function openTasks({ tasks }: CaseFile): readonly string[] {
  const open = tasks.filter((one) => one.state === 'open')
  return [
    ...open.slice(0, most.tasks).map((one) => `task ${one.n}: ${one.title}`),
    ...(open.length > most.tasks ? [`and ${open.length - most.tasks} more open tasks`] : []),
  ]
}

/** What waits of an incident, each as {@link approvalLines} shows it. */
async function waitingLines(store: Store, incident: IncidentNumber): Promise<readonly string[]> {
  return store.transaction(async (tx) => {
    const waiting = await waitingOf(tx, incident)
    const lines: string[] = []
    for (const one of waiting.slice(0, most.approvals))
      lines.push(...approvalLines(one, await boundTo(tx, one), { alerts: await alertsSince(tx, one) }))
    if (waiting.length > most.approvals) lines.push(`and ${waiting.length - most.approvals} more approvals wait`)
    return lines
  })
}

/** "… joined incident 2" needs no "joined" before it. */
const saysItself = ({ answer, sentence }: Decision) => sentence.includes(` ${answer} `)

/** The sentence of a decision, with the place of its rule where it does not name it. */
function toldOf({ sentence, rule }: Decision): string {
  const place = rule.place === undefined ? `built-in ${rule.id}` : formatPlace(rule.place)
  return sentence.includes(place) ? sentence : `${sentence} [${place}]`
}
