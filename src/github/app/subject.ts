import { isObject, type Json, type JsonObject, own } from '../../core/model/index.ts'

const numberIn = (value: Json | undefined): number | null => {
  const number = isObject(value) ? own(value, 'number') : undefined
  return typeof number === 'number' && Number.isInteger(number) ? number : null
}

/**
 * What a delivery is about: those of one subject are worked off in order. An issue and a pull request share their numbers on
 * GitHub, and comments on both come as `issue_comment`.
 */
export function subjectOf(event: string, payload: JsonObject): string {
  const number = numberIn(own(payload, 'issue')) ?? numberIn(own(payload, 'pull_request')) ?? pullOfCheck(payload)
  if (number !== null) return `issue/${number}`
  const ref = own(payload, 'ref')
  return typeof ref === 'string' ? `ref/${ref.slice(0, 250)}` : event
}

/** The pull request of a check run, where GitHub names one: it names none for forks. */
export function pullOfCheck(payload: JsonObject): number | null {
  const run = own(payload, 'check_run')
  const pulls = isObject(run) ? own(run, 'pull_requests') : undefined
  return Array.isArray(pulls) ? numberIn(pulls[0]) : null
}

/** `owner/name` of the repository that a payload is about; null where it is about an organisation or an installation. */
export function repositoryOf(payload: JsonObject): string | null {
  const repository = own(payload, 'repository')
  const name = isObject(repository) ? own(repository, 'full_name') : undefined
  return typeof name === 'string' ? name : null
}

export function installationOf(payload: JsonObject): number | null {
  const installation = own(payload, 'installation')
  const id = isObject(installation) ? own(installation, 'id') : undefined
  return typeof id === 'number' ? id : null
}
