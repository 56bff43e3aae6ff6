import type { Json, JsonObject } from '../model/index.ts'
import type { Coverage, CoveredTechnique } from './coverage.ts'

/** Colours of techniques that a rule only declares, and of those that fixtures exercise. */
const declaredColor = '#ffd27f'
const exercisedColor = '#7fc97f'
const declaredScore = 50
const exercisedScore = 100
const maxTitles = 20

/**
 * The coverage as a layer of the ATT&CK Navigator, format 4.5
 * (https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md): score 100 for exercised
 * techniques, 50 for declared ones, the rules' titles as comment.
 */
export function navigatorLayer(coverage: Coverage, name: string): JsonObject {
  const withSub = new Set(coverage.declared.flatMap(({ id }) => (id.includes('.') ? [id.split('.')[0] ?? ''] : [])))
  const listed = new Set(coverage.declared.map((one) => one.id))
  // A parent without rules of its own is listed too, so that the view opens on its sub-techniques.
  const parents = [...withSub]
    .filter((id) => !listed.has(id))
    .map((techniqueID) => ({ techniqueID, showSubtechniques: true }))
  return {
    name,
    versions: { attack: coverage.attack, navigator: '5.0.0', layer: '4.5' },
    domain: 'enterprise-attack',
    description: `${coverage.declared.length} of ${coverage.techniques} techniques have a rule, ${coverage.exercisedCount} a rule whose fixtures fire.`,
    sorting: 3,
    layout: { layout: 'side', showID: true, showName: true, expandedSubtechniques: 'annotated' },
    hideDisabled: false,
    techniques: [...coverage.declared.map((one) => entryOf(one, withSub.has(one.id))), ...parents] as Json[],
    gradient: { colors: ['#ffffff', declaredColor, exercisedColor], minValue: 0, maxValue: 100 },
    legendItems: [
      { label: 'declared by a rule', color: declaredColor },
      { label: 'exercised by fixtures', color: exercisedColor },
    ],
    showTacticRowBackground: false,
    selectTechniquesAcrossTactics: true,
    selectSubtechniquesWithParent: false,
  }
}

function entryOf({ id, declaredBy, exercisedBy }: CoveredTechnique, showSubtechniques: boolean): JsonObject {
  const titles = declaredBy.slice(0, maxTitles).map((rule) => rule.title)
  const rest = declaredBy.length - titles.length
  return {
    techniqueID: id,
    score: exercisedBy.length > 0 ? exercisedScore : declaredScore,
    comment: [...titles, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'),
    enabled: true,
    metadata: [
      { name: 'rules', value: String(declaredBy.length) },
      { name: 'exercised', value: String(exercisedBy.length) },
    ],
    showSubtechniques,
  }
}
