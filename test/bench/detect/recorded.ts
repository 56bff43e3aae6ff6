import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bundle } from '../../../src/core/content/index.ts'
import { compileSigmaRule, type SigmaRule } from '../../../src/core/detect/index.ts'
import { type Document, type JsonObject, type LogSource, tenantId } from '../../../src/core/model/index.ts'
import { createNormalizer } from '../../../src/core/normalize/index.ts'
import { documentOf } from '../../support/document.ts'
import { readZipMember } from '../detection/zip.ts'

/** Where recordings and other people's rules lie; nothing of them is in the project. */
const data = process.env.GITSOC_SHARED_DATA ?? '../shared/data'

/** Whether the recorded events and the SigmaHQ rules are there. */
export const hasRecordings = existsSync(join(data, 'attack-datasets')) && existsSync(join(data, 'sigma-rules'))

/** An event as the matcher gets it: what the integration for Windows made of a recorded line, as JSON again. */
export interface Recorded {
  readonly logsource: LogSource
  readonly line: string
}

/** The lines of all recordings of Windows events. */
export function recordedLines(): readonly string[] {
  const root = join(data, 'attack-datasets')
  const index = JSON.parse(readFileSync(join(root, 'index.json'), 'utf8')) as { file: string; member: string }[]
  return index.flatMap(({ file, member }) =>
    readZipMember(join(root, file), member)
      .split('\n')
      .filter((line) => line.trim() !== ''),
  )
}

/** Brings lines to events as production does, log source and all. */
export function normalize(lines: readonly string[], { integrations }: Bundle): readonly Recorded[] {
  const normalizer = createNormalizer(integrations, tenantId('bench'))
  const delivery = { seq: 1, source: 'windows', transport: 'file', contentType: 'application/x-ndjson' } as const
  const receivedAt = Date.UTC(2026, 5, 1)
  const events: Recorded[] = []
  for (let at = 0; at < lines.length; at += 500) {
    const body = Buffer.from(lines.slice(at, at + 500).join('\n'))
    for (const one of normalizer.normalize({ ...delivery, receivedAt, body }))
      if (one.kind === 'event') events.push({ logsource: one.event.logsource, line: JSON.stringify(one.event.record) })
  }
  return events
}

/** A SigmaHQ rule and the text it was compiled from. */
export interface Loaded {
  readonly rule: SigmaRule
  readonly detection: JsonObject
}

/** The documents of all SigmaHQ rules. */
export function ruleDocuments(): readonly Document[] {
  const root = join(data, 'sigma-rules')
  return (readdirSync(root, { recursive: true }) as string[])
    .filter((path) => path.startsWith('rules') && path.endsWith('.yml'))
    .sort()
    .map((path) => documentOf(path, readFileSync(join(root, path), 'utf8')))
}

/** Compiles rules; those that do not load are left out. */
export function compile(documents: readonly Document[]): readonly Loaded[] {
  return documents.flatMap((document) => {
    const compiled = compileSigmaRule(document)
    return compiled.ok ? [{ rule: compiled.value, detection: document.value.detection as JsonObject }] : []
  })
}
