import type { TextBytes } from './text-bytes.ts'

/** A text as numbers of an alphabet, and what to report where it is found. */
export interface Entry {
  readonly text: readonly number[]
  readonly marks: readonly number[]
}

/** Takes the marks of what was found; the same may come again. */
export interface Hits {
  hit(marks: readonly number[]): void
}

/** Finds entries in texts. */
export interface TextSearch {
  scan(text: TextBytes, hits: Hits): void
}

/** Different texts in a tree: what several begin with is there once. */
export class Tree {
  /** By state times the size of the alphabet plus character the next state; 0 = none. */
  readonly next: Int32Array
  /** By state the place of the entry whose text ends there, or -1. */
  readonly ends: Int32Array

  constructor(texts: readonly (readonly number[])[], size: number) {
    const room = 1 + texts.reduce((sum, text) => sum + text.length, 0)
    const next = new Int32Array(room * size)
    const ends = new Int32Array(room).fill(-1)
    let states = 1
    for (const [index, text] of texts.entries()) {
      let state = 0
      for (const character of text) {
        const edge = state * size + character
        if (next[edge] === 0) next[edge] = states++
        state = next[edge] as number
      }
      ends[state] = index
    }
    this.next = next.slice(0, states * size)
    this.ends = ends.slice(0, states)
  }
}
