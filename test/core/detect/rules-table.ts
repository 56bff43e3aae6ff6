import { tacticOrder } from '../../../src/core/correlate/index.ts'
import type { CorrelationRule, SigmaRule } from '../../../src/core/detect/index.ts'

/** Where the content of our rules lies, by the beginning of their file names. */
const areas: readonly (readonly [name: string, prefixes: readonly string[]])[] = [
  ['AWS', ['aws_']],
  ['Azure, Google Cloud', ['azure_', 'gcp_']],
  ['Entra ID, Okta', ['entra_', 'okta_']],
  ['GitHub, Microsoft 365, Workspace', ['github_', 'm365_', 'workspace_']],
  ['Windows', ['win_']],
  ['Linux, containers', ['linux_', 'falco_', 'kubernetes_']],
  ['network, web', ['suricata_', 'zeek_', 'dns_', 'web_', 'proxy_']],
]

/**
 * The table of `rules/README.md`: how many rules that raise alerts there are by tactic and area. A rule counts once for
 * each of its tactics, so that a column's sum is more than its rules; the last line counts rules.
 */
export function rulesTable(rules: readonly (SigmaRule | CorrelationRule)[]): string {
  const columns = areas.map(([, prefixes]) =>
    rules.filter((rule) => prefixes.some((one) => nameOf(rule).startsWith(one))),
  )
  const line = (cells: readonly (string | number)[]) => `| ${cells.join(' | ')} |`
  const counts = (wanted: (rule: SigmaRule | CorrelationRule) => boolean) =>
    columns.map((column) => column.filter(wanted).length)
  return [
    line(['tactic', ...areas.map(([name]) => name)]),
    line(['---', ...areas.map(() => '---')]),
    ...tacticOrder
      .map((tactic) => [tactic, ...counts((rule) => rule.tactics.includes(tactic)).map((count) => count || '')])
      .filter(([, ...cells]) => cells.some((cell) => cell !== ''))
      .map(line),
    line(['**rules that alert**', ...counts(() => true)]),
  ].join('\n')
}

/** The rules that belong to no area: there should be none. */
export const withoutArea = (rules: readonly (SigmaRule | CorrelationRule)[]): readonly string[] =>
  rules.map(nameOf).filter((name) => !areas.some(([, prefixes]) => prefixes.some((one) => name.startsWith(one))))

const nameOf = (rule: SigmaRule | CorrelationRule): string => rule.ref.place?.file.split('/').at(-1) ?? ''
