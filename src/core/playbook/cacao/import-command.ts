import { isObject, type Json, type JsonObject, own } from '../../model/index.ts'
import { listAt, objectAt, textAt } from './form.ts'
import { duration, type Making } from './import-step.ts'
import { argumentsOf, literal, textValue, type Variables } from './variables.ts'

const day = 86_400_000

/**
 * The work that the commands of an action leave. A command is told to a person as it stands, whatever its type: nothing
 * of it is run, sent or decoded into anything but text. A manual command that gives one bool is a question instead.
 */
export function tasksOf(
  making: Making,
  id: string,
  step: JsonObject,
  variables: Variables,
  head: JsonObject,
  freshId: (name: string) => string,
): readonly JsonObject[] {
  const results = argumentsOf(listAt(step, 'out_args'), variables, ['workflow', id, 'out_args'], making.report)
  const commands = listAt(step, 'commands').filter(isObject)
  const [result] = results
  const [command] = commands
  if (results.length === 1 && result?.[1].type === 'boolean' && commands.length === 1 && command?.type === 'manual') {
    const timeout = Number(own(step, 'timeout') ?? day)
    const question = {
      ...head,
      ask: telling(command, step, variables),
      options: ['true', 'false'],
      expires: duration(timeout),
    }
    const set = { [result[1].name]: `{{ steps.${String(head.id)}.output.answer == 'true' }}` }
    return [question, { id: freshId(`${String(head.id)}_answer`), set }]
  }
  if (results.length > 0)
    making.report.warn(
      'result',
      `nothing gives ${results.map(([name]) => name).join(', ')} a value: commands are left to people`,
      ['workflow', id, 'out_args'],
      'one bool of one manual command becomes a question',
    )
  const where = targetsOf(making.root, step)
  return commands.map((one, index) => ({
    ...(index === 0 ? head : { ...head, id: freshId(String(head.id)) }),
    task: `${telling(one, step, variables)}${where}`,
  }))
}

/** A command in words. */
function telling(command: JsonObject, step: JsonObject, variables: Variables): string {
  const type = textAt(command, 'type') ?? ''
  const said = textAt(command, 'command') ?? decoded(textAt(command, 'command_b64'))
  const content = textAt(command, 'content') ?? decoded(textAt(command, 'content_b64'))
  const what = said ?? textAt(command, 'description') ?? textAt(step, 'description') ?? textAt(step, 'name') ?? type
  const text = textValue(what, variables)
  const body = content === null ? '' : literal(` with the content ${content.slice(0, 600)}`)
  return type === 'manual' ? `${text}${body}` : `${literal(`Do by hand (${type.slice(0, 40)}): `)}${text}${body}`
}

function targetsOf(root: JsonObject, step: JsonObject): string {
  const names = listAt(step, 'targets').flatMap((id: Json) => {
    const one = objectAt(objectAt(root, 'target_definitions'), String(id))
    const name = textAt(one, 'name')
    return name === null ? [] : [name.slice(0, 80)]
  })
  return names.length === 0 ? '' : literal(`, on ${names.slice(0, 10).join(', ')}`)
}

/** Base64 as the text it stands for; what is no text is only named. */
function decoded(base64: string | null): string | null {
  if (base64 === null) return null
  const text = Buffer.from(base64.slice(0, 4000), 'base64').toString('utf8')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return /[\u0000-\u0008\u000e-\u001f\u007f\ufffd]/u.test(text) ? '(no text)' : text
}
