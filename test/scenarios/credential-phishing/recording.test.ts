import { expect, test } from 'vitest'
import { makeRecording, readRecording } from './make.ts'

test('the committed recording is what its sources make', () => {
  expect(readRecording() === makeRecording()).toBe(true)
})
