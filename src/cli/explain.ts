import { type Command, InvalidArgumentError } from 'commander'
import { explainAlertText, explainIncidentText, readCase, whyAlert } from '../cases/index.ts'
import { oneLine } from '../core/model/index.ts'
import { readDelivery } from '../ingest/index.ts'
import { Failure } from './failure.ts'
import { loadBundle } from './load-bundle.ts'
import { type StoreOptions, withStoreOptions } from './open-store.ts'
import { withStore } from './with-store.ts'

interface Options extends StoreOptions {
  readonly json?: boolean
  readonly commit?: string
}

/** `gitsoc explain`: which rule, file and line, which facts, who approved. */
export function register(program: Command): void {
  const explain = program.command('explain').description('why an incident or an alert is what it is')
  withStoreOptions(explain.command('incident').description('why its alerts belong together, its score, its actions'))
    .argument('<number>', 'the incident', (text: string) => {
      if (!/^#?[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('it is the number of an incident.')
      return Number(text.replace('#', ''))
    })
    .option('--json', 'one JSON document')
    .action(incident)
  withStoreOptions(explain.command('alert').description('which rule raised it, on which events, by which facts'))
    .argument('<id>', 'the alert, as "gitsoc incidents show --json" or a report lists it')
    .option('--commit <revision>', 'judge with the content of a commit instead of the working tree')
    .option('--json', 'one JSON document')
    .action(alert)
}

async function incident(number: number, options: Options): Promise<void> {
  const file = await withStore(options, (store) => store.transaction((tx) => readCase(tx, number)))
  if (file === null)
    throw new Failure(`there is no incident ${number}`, { hint: 'gitsoc incidents list --all shows what there is' })
  if (options.json) {
    const { incident, runs, effects, approvals } = file
    const { decisions, assessment } = incident
    print({ number: incident.number, title: incident.title, decisions, assessment, runs, effects, approvals })
  } else process.stdout.write(explainIncidentText(file, process.stdout.columns ?? 100))
}

async function alert(id: string, options: Options): Promise<void> {
  const bundle = await loadBundle(options.commit === undefined ? {} : { commit: options.commit })
  const why = await withStore(options, (store) => store.transaction((tx) => whyAlert(tx, id, bundle, readDelivery)))
  if (why === null)
    throw new Failure(`there is no alert "${oneLine(id, 60)}"`, {
      hint: 'gitsoc incidents show N --json lists the alerts of an incident',
    })
  if (options.json) print(why)
  else process.stdout.write(explainAlertText(why, process.stdout.columns ?? 100))
}

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value)}\n`)
