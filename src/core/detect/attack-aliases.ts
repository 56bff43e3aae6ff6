/** ATT&CK ids that the current release renamed: older rules and vendors still send the left one. */
const techniques: ReadonlyMap<string, string> = new Map([
  ['T1562', 'T1685'],
  ['T1562.001', 'T1685'],
  ['T1562.002', 'T1685.001'],
  ['T1562.003', 'T1690'],
  ['T1562.004', 'T1686'],
  ['T1562.006', 'T1685'],
  ['T1562.007', 'T1686.001'],
  ['T1562.008', 'T1685.002'],
  ['T1562.009', 'T1688'],
  ['T1562.010', 'T1689'],
  ['T1562.012', 'T1685.004'],
  ['T1070.001', 'T1685.005'],
  ['T1070.002', 'T1685.006'],
])

const tactics: ReadonlyMap<string, string> = new Map([
  ['defense-evasion', 'stealth'],
  ['defence-evasion', 'stealth'],
])

/** The current id of a technique in any spelling (`t1562.008`), or null when the text is no technique id. */
export function currentTechnique(text: string): string | null {
  const id = text.toUpperCase()
  if (!/^T\d{4}(\.\d{3})?$/.test(id)) return null
  return techniques.get(id) ?? id
}

/** The current short name of a tactic in any spelling (`Defense_Evasion`, `initial access`). */
export function currentTactic(text: string): string {
  const name = text.toLowerCase().replace(/[_\s]+/g, '-')
  return tactics.get(name) ?? name
}
