import integrationSchema from '../../../integrations/integration.schema.json' with { type: 'json' }
import playbookSchema from '../../../playbooks/playbook.schema.json' with { type: 'json' }
import approvalSchema from '../../../rules/approval/approval.schema.json' with { type: 'json' }
import budgetSchema from '../../../rules/budgets/budget.schema.json' with { type: 'json' }
import closingSchema from '../../../rules/closing/closing.schema.json' with { type: 'json' }
import correlationSchema from '../../../rules/correlation/correlation.schema.json' with { type: 'json' }
import detectionSchema from '../../../rules/detection/detection.schema.json' with { type: 'json' }
import packSchema from '../../../rules/detection/packs/pack.schema.json' with { type: 'json' }
import escalationSchema from '../../../rules/escalation/escalation.schema.json' with { type: 'json' }
import policySchema from '../../../rules/escalation/policies/policy.schema.json' with { type: 'json' }
import filterSchema from '../../../rules/filter/filter.schema.json' with { type: 'json' }
import groupingSchema from '../../../rules/grouping/grouping.schema.json' with { type: 'json' }
import notifySchema from '../../../rules/notify/notify.schema.json' with { type: 'json' }
import overlaySchema from '../../../rules/overlays/overlay.schema.json' with { type: 'json' }
import pipelineSchema from '../../../rules/pipelines/pipeline.schema.json' with { type: 'json' }
import placeholdersSchema from '../../../rules/placeholders.schema.json' with { type: 'json' }
import raritySchema from '../../../rules/rarity/rarity.schema.json' with { type: 'json' }
import scoringSchema from '../../../rules/scoring/scoring.schema.json' with { type: 'json' }
import suppressionSchema from '../../../rules/suppression/suppression.schema.json' with { type: 'json' }
import teamSchema from '../../../rules/team/team.schema.json' with { type: 'json' }
import { isPackRule } from './packs.ts'
import { compileSchema } from './schema.ts'

/** The kinds of content, by the folder they live in. */
export const kinds = {
  detection: { folder: /^rules\/detection\/(?!fixtures\/|packs\/).+\.ya?ml$/, check: compileSchema(detectionSchema) },
  pack: { folder: /^rules\/detection\/packs\/[^/]+\/pack\.yaml$/, check: compileSchema(packSchema) },
  overlay: { folder: /^rules\/overlays\/[^/]+\.ya?ml$/, check: compileSchema(overlaySchema) },
  filter: { folder: /^rules\/filter\/[^/]+\.ya?ml$/, check: compileSchema(filterSchema) },
  placeholders: { folder: /^rules\/placeholders\.ya?ml$/, check: compileSchema(placeholdersSchema) },
  pipeline: { folder: /^rules\/pipelines\/[^/]+\.ya?ml$/, check: compileSchema(pipelineSchema) },
  correlation: { folder: /^rules\/correlation\/[^/]+\.ya?ml$/, check: compileSchema(correlationSchema) },
  rarity: { folder: /^rules\/rarity\/[^/]+\.ya?ml$/, check: compileSchema(raritySchema) },
  suppression: { folder: /^rules\/suppression\/[^/]+\.ya?ml$/, check: compileSchema(suppressionSchema) },
  grouping: { folder: /^rules\/grouping\/[^/]+\.ya?ml$/, check: compileSchema(groupingSchema) },
  escalation: { folder: /^rules\/escalation\/[^/]+\.ya?ml$/, check: compileSchema(escalationSchema) },
  'escalation-policy': { folder: /^rules\/escalation\/policies\/[^/]+\.ya?ml$/, check: compileSchema(policySchema) },
  notify: { folder: /^rules\/notify\/[^/]+\.ya?ml$/, check: compileSchema(notifySchema) },
  scoring: { folder: /^rules\/scoring\/[^/]+\.ya?ml$/, check: compileSchema(scoringSchema) },
  approval: { folder: /^rules\/approval\/[^/]+\.ya?ml$/, check: compileSchema(approvalSchema) },
  budget: { folder: /^rules\/budgets\/[^/]+\.ya?ml$/, check: compileSchema(budgetSchema) },
  team: { folder: /^rules\/team\/[^/]+\.ya?ml$/, check: compileSchema(teamSchema) },
  closing: { folder: /^rules\/closing\/[^/]+\.ya?ml$/, check: compileSchema(closingSchema) },
  integration: { folder: /^integrations\/[^/]+\/integration\.yaml$/, check: compileSchema(integrationSchema) },
  playbook: { folder: /^playbooks\/[^/]+\.ya?ml$/, check: compileSchema(playbookSchema) },
} as const

export type Kind = keyof typeof kinds

/** The kind of a content file; null for what is not content (schemas, fixtures, READMEs). */
export function kindOf(path: string): Kind | null {
  return (Object.keys(kinds) as Kind[]).find((kind) => kinds[kind].folder.test(path)) ?? null
}

const withinFile = new Set(['id', 'description', 'level', 'tags'])
const optionalWithin = <Schema extends { required: readonly string[] }>(schema: Schema) =>
  compileSchema({ ...schema, required: schema.required.filter((name) => !withinFile.has(name)) })

/**
 * Checks of Sigma documents that others of the same file refer to: what the outermost says of severity and meaning need
 * not be said again (sigma-correlation-rules-specification, "Correlation rules").
 */
export const checksWithin = {
  detection: optionalWithin(detectionSchema),
  correlation: optionalWithin(correlationSchema),
  filter: optionalWithin(filterSchema),
}

/** Whether a path looks like content that lies in a place where nothing reads it. */
export function isMisplaced(path: string): boolean {
  return (
    /^(rules|playbooks|integrations)\/.+\.ya?ml$/.test(path) &&
    !/\/fixtures\//.test(path) &&
    kindOf(path) === null &&
    !isPackRule(path)
  )
}
