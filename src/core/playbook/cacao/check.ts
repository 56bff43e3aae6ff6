import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { checkVariables } from './check-variables.ts'
import { checkWorkflow } from './check-workflow.ts'
import { isTimestamp, objectAt, type Path, partsOfId, quoted, type Report } from './form.ts'

/**
 * Checks a CACAO 2.0 playbook. What leaves open what is to be done is an error; what the specification demands and has
 * only one meaning without it is a warning. Facts: CACAO Security Playbooks 2.0, sections 3 to 10.
 */
export function checkDocument(root: JsonObject, report: Report): void {
  if (own(root, 'type') !== 'playbook') report.error('form', 'the type of a playbook is "playbook"', ['type'])
  if (own(root, 'spec_version') !== 'cacao-2.0')
    report.error('form', `spec_version is "cacao-2.0", not ${quoted(own(root, 'spec_version'))}`, ['spec_version'])
  checkId(root, 'id', 'playbook', report)
  checkId(root, 'created_by', 'identity', report)
  if (typeof own(root, 'name') !== 'string' || own(root, 'name') === '')
    report.error('required', 'a playbook has a name', ['name'])
  if (own(root, 'description') !== undefined && typeof own(root, 'description') !== 'string')
    report.error('form', 'the description is text', ['description'])
  checkTimes(root, report)
  for (const key of ['priority', 'severity', 'impact']) {
    const value = own(root, key)
    if (value !== undefined && !(typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 100))
      report.error('form', `${key} is a whole number from 0 to 100`, [key])
  }
  if (own(root, 'revoked') === true) report.error('revoked', 'whoever made this playbook has revoked it', ['revoked'])
  checkVariables(objectAt(root, 'playbook_variables'), ['playbook_variables'], report)
  checkDefinitions(root, report)
  checkWorkflow(root, report)
}

function checkId(root: JsonObject, key: string, type: string, report: Report): void {
  if (partsOfId(own(root, key))?.type !== type)
    report.error('identifier', `${key} has the form "${type}--uuid", not ${quoted(own(root, key))}`, [key])
}

const times = [`created`, `modified`, `valid_from`, `valid_until`] as const

function checkTimes(root: JsonObject, report: Report): void {
  for (const key of times) {
    const value = own(root, key)
    if (value === undefined && key.startsWith('valid')) continue
    if (!isTimestamp(value))
      report.error('timestamp', `${key} is a time like 2024-05-01T12:00:00.000Z, not ${quoted(value)}`, [key])
  }
  const order = (first: string, second: string, sentence: string) => {
    const [a, b] = [own(root, first), own(root, second)]
    if (isTimestamp(a) && isTimestamp(b) && Date.parse(a) > Date.parse(b)) report.warn('timestamp', sentence, [second])
  }
  const [made, changed, begins, ends] = times
  order(made, changed, 'it was modified before it was created')
  order(begins, ends, 'it ends to be valid before it begins')
}

const definitions = [
  'agent_definitions',
  'target_definitions',
  'authentication_info_definitions',
  'extension_definitions',
  'data_marking_definitions',
]
const secrets = ['password', 'token', 'private_key', 'oauth_header']
const address = /^[A-Za-z0-9.!#$%&'*+/=?^_{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?$/

function checkDefinitions(root: JsonObject, report: Report): void {
  const authentication = objectAt(root, 'authentication_info_definitions')
  for (const kind of definitions) {
    if (own(root, kind) !== undefined && !isObject(own(root, kind)))
      report.error('form', `${kind} is a mapping`, [kind])
    for (const [id, one] of Object.entries(objectAt(root, kind))) {
      const path = [kind, id]
      if (!isObject(one)) {
        report.error('form', 'a definition is a mapping', path)
        continue
      }
      const type = own(one, 'type')
      if (typeof type !== 'string') report.error('required', 'a definition has a type', path)
      if (partsOfId(id) === null) report.warn('identifier', `${quoted(id)} has not the form "type--uuid"`, path)
      if (/^(agent|target)_/.test(kind) && typeof own(one, 'name') !== 'string')
        report.error('required', 'an agent or target has a name', path)
      const named = own(one, 'authentication_info')
      if (named !== undefined && !(typeof named === 'string' && Object.hasOwn(authentication, named)))
        report.error('reference', `there is no authentication information ${quoted(named)}`, [
          ...path,
          'authentication_info',
        ])
      for (const key of secrets)
        if (kind.startsWith('authentication') && own(one, key) !== undefined)
          report.warn(
            'secret',
            `the document holds a ${key}, and so will the file that is made of it`,
            [...path, key],
            'remove it before the file is committed: nothing here uses it',
          )
      checkContact(objectAt(one, 'contact'), [...path, 'contact'], report)
    }
  }
}

function checkContact(contact: JsonObject, path: Path, report: Report): void {
  for (const [name, value] of Object.entries(objectAt(contact, 'email')))
    checkAddress(value, [...path, 'email', name], report)
}

function checkAddress(value: Json, path: Path, report: Report): void {
  if (typeof value !== 'string' || !address.test(value) || value.includes('..'))
    report.error('address', `${quoted(value)} is no mail address`, path)
}
