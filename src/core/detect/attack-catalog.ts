import { attackTechniques } from './attack-techniques.generated.ts'

/** The release of ATT&CK that ids, names and tactics are of. */
export const attackVersion = '19'

/** A technique or sub-technique of ATT&CK Enterprise. */
export interface AttackTechnique {
  readonly id: string
  readonly name: string
  /** Short names of its tactics. */
  readonly tactics: readonly string[]
}

/** The tactics in the order of the matrix, with their ids (https://attack.mitre.org/tactics/enterprise/). */
export const tacticNames: readonly { readonly id: string; readonly name: string; readonly title: string }[] = [
  { id: 'TA0043', name: 'reconnaissance', title: 'Reconnaissance' },
  { id: 'TA0042', name: 'resource-development', title: 'Resource Development' },
  { id: 'TA0001', name: 'initial-access', title: 'Initial Access' },
  { id: 'TA0002', name: 'execution', title: 'Execution' },
  { id: 'TA0003', name: 'persistence', title: 'Persistence' },
  { id: 'TA0004', name: 'privilege-escalation', title: 'Privilege Escalation' },
  { id: 'TA0005', name: 'stealth', title: 'Stealth' },
  { id: 'TA0112', name: 'defense-impairment', title: 'Defense Impairment' },
  { id: 'TA0006', name: 'credential-access', title: 'Credential Access' },
  { id: 'TA0007', name: 'discovery', title: 'Discovery' },
  { id: 'TA0008', name: 'lateral-movement', title: 'Lateral Movement' },
  { id: 'TA0009', name: 'collection', title: 'Collection' },
  { id: 'TA0011', name: 'command-and-control', title: 'Command and Control' },
  { id: 'TA0010', name: 'exfiltration', title: 'Exfiltration' },
  { id: 'TA0040', name: 'impact', title: 'Impact' },
]

let catalog: ReadonlyMap<string, AttackTechnique> | undefined

/** The techniques by id, taken apart at first use. */
export function attackCatalog(): ReadonlyMap<string, AttackTechnique> {
  catalog ??= new Map(
    attackTechniques
      .trim()
      .split('\n')
      .map((line) => {
        const [id = '', name = '', tactics = ''] = line.split('|')
        return [id, { id, name, tactics: tactics.split(',') }] as const
      }),
  )
  return catalog
}
