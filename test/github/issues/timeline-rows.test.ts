import { expect, test } from 'vitest'
import type { TimelineEntry } from '../../../src/cases/index.ts'
import { timelineRows } from '../../../src/github/issues/timeline-rows.ts'

const entry = (parts: Partial<TimelineEntry>): TimelineEntry => ({
  incident: 1,
  at: 1,
  kind: 'alert',
  actor: 'okta',
  sentence: 's',
  ...parts,
})
const because = (title: string, at = 1) =>
  entry({ at, kind: 'decision', actor: 'gitsoc', sentence: `"${title}" joined incident 1: shares user:a` })

test.each([
  [
    'why an alert joined stands with it',
    [entry({ sentence: 'Scan; 5 times' }), because('Scan')],
    ['Scan; 5 times; joined: shares user:a'],
  ],
  [
    'of two alerts each has its own',
    [entry({ sentence: 'Scan' }), entry({ sentence: 'Login' }), because('Scan'), because('Login')],
    ['Scan; joined: shares user:a', 'Login; joined: shares user:a'],
  ],
  [
    'of two of one name each has its own',
    [entry({ sentence: 'Scan' }), entry({ sentence: 'Scan' }), because('Scan'), because('Scan')],
    ['Scan; joined: shares user:a', 'Scan; joined: shares user:a'],
  ],
  ['a decision without its alert stays', [because('Scan', 7)], ['"Scan" joined incident 1: shares user:a']],
  [
    'an alert of another time does not take it',
    [entry({ at: 2, sentence: 'Scan' }), because('Scan')],
    ['Scan', '"Scan" joined incident 1: shares user:a'],
  ],
  [
    'what a person writes is never taken for a decision',
    [entry({ sentence: 'Scan' }), { ...because('Scan'), kind: 'person' as const }],
    ['Scan', '"Scan" joined incident 1: shares user:a'],
  ],
])('%s', (_name, timeline, rows) => {
  expect(timelineRows(timeline).map((one) => one.sentence)).toEqual(rows)
})
