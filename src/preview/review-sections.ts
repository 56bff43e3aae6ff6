import { formatPlace } from '../core/model/index.ts'
import type { ChangePreview } from './change-preview.ts'
import { type Section, section } from './plan-sections.ts'

/** What validation, tests, mutants and the coverage of ATT&CK say; the most important first. */
export function reviewSections({ problems, tests, mutation, coverage }: ChangePreview): readonly Section[] {
  const tested =
    tests === null
      ? []
      : [
          ['rules', tests.rules.tested, tests.rules.failed] as const,
          ['playbook fixtures', tests.playbooks.fixtures, tests.playbooks.failed] as const,
        ]
  return [
    section('Problems', ['place', 'severity', 'problem', 'what to do'], problems, (one) => [
      one.place === undefined ? '' : formatPlace(one.place),
      one.severity,
      one.message,
      one.hint ?? '',
    ]),
    section('Tests', ['', 'tested', 'failed'], tested, (row) => row.map(String)),
    section(
      'Broken on purpose',
      ['what', 'place', 'mutants', 'do not load', 'fail a fixture', 'unnoticed', 'for example'],
      mutation ?? [],
      (one) => [
        one.title,
        formatPlace(one.place),
        ...[one.mutants, one.refused, one.caught, one.survived.length].map(String),
        one.survived
          .slice(0, 3)
          .map(({ mutation: what, safety }) => `${what}${safety ? ' (safety)' : ''}`)
          .join('; '),
      ],
    ),
    section('ATT&CK coverage', ['technique', 'name', 'before', 'after'], coverage?.changes ?? [], (one) => [
      one.technique,
      one.name,
      one.before,
      one.after,
    ]),
  ].filter(({ rows }) => rows.length > 0)
}
