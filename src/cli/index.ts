import type { Command } from 'commander'
import { register as approve } from './approve.ts'
import { register as audit } from './audit.ts'
import { register as backup } from './backup.ts'
import { register as bisect } from './bisect.ts'
import { register as containment } from './containment.ts'
import { register as deadLetters } from './dead-letters.ts'
import { register as demo } from './demo.ts'
import { register as deploy } from './deploy.ts'
import { register as explain } from './explain.ts'
import { register as github } from './github.ts'
import { register as githubRebuild } from './github-rebuild.ts'
import { register as incidents } from './incidents.ts'
import { register as incidentsMilestone } from './incidents-milestone.ts'
import { register as incidentsRegroup } from './incidents-regroup.ts'
import { register as incidentsSeverity } from './incidents-severity.ts'
import { register as incidentsSimilar } from './incidents-similar.ts'
import { register as indicators } from './indicators.ts'
import { register as integrationsList } from './integrations-list.ts'
import { register as integrationsTest } from './integrations-test.ts'
import { register as ledger } from './ledger.ts'
import { register as metrics } from './metrics.ts'
import { register as plan } from './plan.ts'
import { register as playbookCoverage } from './playbook-coverage.ts'
import { register as playbookDryRun } from './playbook-dry-run.ts'
import { register as playbookExport } from './playbook-export.ts'
import { register as playbookImport } from './playbook-import.ts'
import { register as playbookMutate } from './playbook-mutate.ts'
import { register as projections } from './projections.ts'
import { register as propose } from './propose.ts'
import { register as replay } from './replay.ts'
import { register as rulesAdd } from './rules-add.ts'
import { register as rulesCheck } from './rules-check.ts'
import { register as rulesCoverage } from './rules-coverage.ts'
import { register as rulesExplain } from './rules-explain.ts'
import { register as rulesLearned } from './rules-learned.ts'
import { register as rulesRegress } from './rules-regress.ts'
import { register as rulesScan } from './rules-scan.ts'
import { register as rulesSources } from './rules-sources.ts'
import { register as rulesTest } from './rules-test.ts'
import { register as run } from './run.ts'
import { register as runs } from './runs.ts'
import { register as runsControl } from './runs-control.ts'
import { register as runsStart } from './runs-start.ts'
import { register as start } from './start.ts'
import { register as stopSwitch } from './stop-switch.ts'
import { register as test } from './test.ts'
import { register as validate } from './validate.ts'

type Register = (program: Command) => void

/** The commands under the headings that `gitsoc --help` shows. */
export const commandGroups: readonly (readonly [heading: string, commands: readonly Register[]])[] = [
  ['Run:', [start, deploy, github, run, demo]],
  [
    'Incidents:',
    [
      incidents,
      incidentsMilestone,
      incidentsRegroup,
      incidentsSeverity,
      incidentsSimilar,
      indicators,
      explain,
      propose,
      replay,
      metrics,
    ],
  ],
  ['Decide:', [approve, containment, runs, runsStart, runsControl, stopSwitch]],
  [
    'Content:',
    [
      validate,
      plan,
      bisect,
      test,
      playbookDryRun,
      playbookCoverage,
      playbookMutate,
      playbookImport,
      playbookExport,
      rulesAdd,
      rulesCheck,
      rulesTest,
      rulesLearned,
      rulesScan,
      rulesRegress,
      rulesExplain,
      rulesCoverage,
      rulesSources,
      integrationsList,
      integrationsTest,
    ],
  ],
  ['Keep account:', [ledger, deadLetters, projections, githubRebuild, audit, backup]],
]
