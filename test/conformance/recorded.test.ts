import { expect, test } from 'vitest'
import { compareWithReference } from '../bench/detect/compare.ts'
import { compile, hasRecordings, normalize, recordedLines, ruleDocuments } from '../bench/detect/recorded.ts'
import { ownBundle } from '../support/content.ts'

if (!hasRecordings) console.warn('SKIPPED: no recorded Windows events and SigmaHQ rules (set GITSOC_SHARED_DATA)')

test.skipIf(!hasRecordings)(
  'the indexed matcher and the plain reference agree on recorded Windows events',
  async () => {
    const bundle = await ownBundle()
    // Every 1,500th line, and a few of the process creations, to which most rules apply. All of them: npm run bench -- detect --check
    const lines = recordedLines()
    const creations = lines.filter((line) => /"EventID":(1|4688),/.test(line))
    const sample = [
      ...lines.filter((_, index) => index % 1500 === 0),
      ...creations.filter((_, index) => index % 40 === 0),
    ]
    const compared = compareWithReference(compile(ruleDocuments()), bundle.mappings, normalize(sample, bundle))
    expect(compared.differences).toEqual([])
    expect(compared.events).toBeGreaterThan(100)
    expect(compared.matches).toBeGreaterThan(0)
  },
  180_000,
)
