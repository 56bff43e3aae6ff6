import { type Bundle, isPackRule, parseDocuments, type SourceFile } from '../content/index.ts'
import { createMatcher, type Matcher, ruleKindOf, type SigmaRule } from '../detect/index.ts'
import type { Event, EventHead, TenantId } from '../model/index.ts'
import { createNormalizer, type Normalized, type RawDelivery } from '../normalize/index.ts'

/**
 * A record of a delivery as far as it can be looked at by itself; `learning`: an event on which only rules that learn match,
 * `quiet`: one on which none does.
 */
export type Scanned =
  | Normalized
  | { readonly kind: 'learning'; readonly event: Event }
  | { readonly kind: 'quiet'; readonly event: EventHead }

/** What a delivery came to, and for which of the bundles, by their position. */
export interface ScannedSide {
  readonly sides: readonly number[]
  readonly items: readonly Scanned[]
}

/** The part of deciding that asks nothing of other events: any process can do it, in any order. */
export interface Scan {
  scan(delivery: RawDelivery): readonly ScannedSide[]
}

/**
 * Looks at events for several bundles at once. What they have in common is done once: reading records when their
 * integrations are equal, matching for rules that are in both. An event is quiet or learning when it is so for each of its
 * bundles, and neither when in doubt. For a bundle that did not load nothing is looked at.
 */
export function createScan(bundles: readonly (Bundle | null)[], tenant: TenantId): Scan {
  const groups: { bundle: Bundle; sides: number[] }[] = []
  for (const [side, bundle] of bundles.entries()) {
    if (bundle === null) continue
    const same = groups.find((one) => readsAlike(one.bundle, bundle))
    if (same === undefined) groups.push({ bundle, sides: [side] })
    else same.sides.push(side)
  }
  const works = groups.map(({ bundle, sides }) => ({
    sides,
    normalizer: createNormalizer(bundle.integrations, tenant),
    matchers: matchersOf(sides.flatMap((side) => bundles[side] ?? [])),
  }))
  return {
    scan: (delivery) =>
      works.map(({ sides, normalizer, matchers }) => ({
        sides,
        items: normalizer.normalize(delivery).map((one) => scanned(one, matchers)),
      })),
  }
}

function scanned(one: Normalized, matchers: readonly Looking[]): Scanned {
  if (one.kind !== 'event' || one.alert !== null) return one
  try {
    let matched = false
    for (const { matcher, learning } of matchers)
      for (const { rule } of matcher.match(one.event)) {
        if (!learning.has(rule)) return one
        matched = true
      }
    if (matched) return { kind: 'learning', event: one.event }
  } catch {
    // Whoever decides about the event meets the same fault and counts it.
    return one
  }
  const { id, tenant, source, seq, index, occurredAt, timeNote, receivedAt, observables } = one.event
  return { kind: 'quiet', event: { id, tenant, source, seq, index, occurredAt, timeNote, receivedAt, observables } }
}

/** A matcher for detection rules and for what rules that learn look at, with which are the latter. */
interface Looking {
  readonly matcher: Matcher
  readonly learning: ReadonlySet<SigmaRule>
}

/** Matchers that together match whenever a rule of any of the bundles does. */
function matchersOf(bundles: readonly Bundle[]): readonly Looking[] {
  const [first, ...others] = bundles
  if (first === undefined) return []
  const matchers = [lookingFor(first, () => true)]
  for (const other of others) {
    const known = matchesAlike(first, other) ? unchangedIn(first, other) : new Set<string>()
    matchers.push(lookingFor(other, ({ ref }) => !known.has(ref.place?.file ?? '')))
  }
  return matchers
}

function lookingFor({ detection, rarity, mappings }: Bundle, isWanted: (rule: SigmaRule) => boolean): Looking {
  const learning = new Set(rarity.rules.map(({ selects }) => selects).filter(isWanted))
  return { matcher: createMatcher([...detection.filter(isWanted), ...learning], mappings), learning }
}

function readsAlike(a: Bundle, b: Bundle): boolean {
  return changedIn(a, b).every(({ path }) => !path.startsWith('integrations/'))
}

/** Whether a rule that stands in an equal file matches equally: nothing that reaches into other files' rules is changed. */
function matchesAlike(a: Bundle, b: Bundle): boolean {
  return changedIn(a, b)
    .filter(({ path }) => path.startsWith('rules/'))
    .every(({ path, text }) => {
      if (/^rules\/(pipelines|filter|placeholders)/.test(path)) return false
      if (!/^rules\/(detection|correlation)\//.test(path) && !isPackRule(path)) return true
      return parseDocuments(path, text).every(
        (one) => one.ok && !['filter', 'placeholders'].includes(ruleKindOf(one.value) ?? ''),
      )
    })
}

/** Files that only one has, or that both have with other text: each text. */
function changedIn(a: Bundle, b: Bundle): readonly SourceFile[] {
  const differing = (files: readonly SourceFile[], others: readonly SourceFile[]) => {
    const texts = new Map(others.map(({ path, text }) => [path, text]))
    return files.filter(({ path, text }) => texts.get(path) !== text)
  }
  return [...differing(a.files, b.files), ...differing(b.files, a.files)]
}

function unchangedIn(a: Bundle, b: Bundle): ReadonlySet<string> {
  const changed = new Set(changedIn(a, b).map(({ path }) => path))
  return new Set(b.files.map(({ path }) => path).filter((path) => !changed.has(path)))
}
