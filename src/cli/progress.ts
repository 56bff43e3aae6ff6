const width = 28

/** A progress bar on standard error: redrawn in place on a terminal, silent elsewhere. */
export interface Progress {
  /** `done` of `total` units; `note` stands after the bar. With a total of 0, which is not known, there is only the note. */
  update(done: number, total: number, note?: string): void
  /** Removes the bar. */
  end(): void
}

/** A bar with a label before it. Redraws at most ten times a second. */
export function createProgress(label: string, out: NodeJS.WriteStream = process.stderr): Progress {
  let drawnAt = 0
  const draw = (text: string) => out.write(`\r\x1b[2K${text}`)
  return {
    update(done, total, note = '') {
      const now = performance.now()
      if (!out.isTTY || (now - drawnAt < 100 && (total === 0 || done < total))) return
      drawnAt = now
      if (total === 0) return void draw(`${label} ${note}`.slice(0, (out.columns ?? 100) - 1))
      const share = Math.min(1, done / total)
      const full = Math.round(share * width)
      const percent = `${Math.floor(share * 100)}`.padStart(3)
      draw(
        `${label} ${'█'.repeat(full)}${'░'.repeat(width - full)} ${percent} % ${note}`.slice(
          0,
          (out.columns ?? 100) - 1,
        ),
      )
    },
    end() {
      if (out.isTTY) draw('')
    },
  }
}
