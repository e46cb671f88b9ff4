export interface LogLine {
  readonly timeMs: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

const MAX_LINES = 10_000

/** A container's newest log lines. A write without newline is kept until its line ends. */
export class LogBuffer {
  private lines: LogLine[] = []
  private rest = { stdout: '', stderr: '' }

  write(timeMs: number, stream: 'stdout' | 'stderr', text: string): void {
    const parts = (this.rest[stream] + text).split('\n')
    this.rest[stream] = parts.pop() ?? ''
    for (const part of parts) this.lines.push({ timeMs, stream, text: part })
    if (this.lines.length > MAX_LINES * 1.25) this.lines = this.lines.slice(-MAX_LINES)
  }

  /** Ends lines that have no newline, when the process has ended. */
  close(timeMs: number): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      if (this.rest[stream] !== '') this.lines.push({ timeMs, stream, text: this.rest[stream] })
      this.rest[stream] = ''
    }
  }

  all(): readonly LogLine[] {
    return this.lines
  }
}
